; Functions, types, parameters, ... as things to select and to jump to.

(function_declaration body: (_) @function.inner) @function.outer
(extern_function) @function.outer
(event_declaration) @function.outer
(lambda body: (_) @function.inner) @function.outer
(on_declaration body: (_) @function.inner) @function.outer
(every_declaration body: (_) @function.inner) @function.outer

(entity_declaration body: (_) @class.inner) @class.outer
(workflow_declaration body: (_) @class.inner) @class.outer
(record_declaration fields: (_) @class.inner) @class.outer
(enum_declaration body: (_) @class.inner) @class.outer
(error_declaration) @class.outer
(extern_declaration body: (_) @class.inner) @class.outer

(parameters (parameter) @parameter.inner @parameter.outer)
(fields (field) @parameter.inner @parameter.outer)
(arguments (_) @parameter.inner @parameter.outer)
(lambda_parameters (_) @parameter.inner @parameter.outer)

(call_expression arguments: (_) @call.inner) @call.outer
(if_expression consequence: (_) @conditional.inner) @conditional.outer
(match_expression arms: (_) @conditional.inner) @conditional.outer
(wait_expression arms: (_) @conditional.inner) @conditional.outer
(for_expression body: (_) @loop.inner) @loop.outer
(while_statement body: (_) @loop.inner) @loop.outer
(block) @block.outer
(return_expression) @return.outer

(assignment left: (_) @assignment.lhs right: (_) @assignment.rhs @assignment.inner) @assignment.outer
(let_statement pattern: (_) @assignment.lhs value: (_) @assignment.rhs @assignment.inner) @assignment.outer
(state_declaration name: (_) @assignment.lhs) @assignment.outer

(comment)+ @comment.outer
(doc_comment)+ @comment.outer
(attribute) @attribute.outer
(attribute arguments: (_) @attribute.inner)
[(integer) (decimal) (float) (money) (duration)] @number.inner
(test_declaration body: (_) @test.inner) @test.outer
