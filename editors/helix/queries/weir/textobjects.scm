; Functions, types, parameters, ... as things to select and to jump to.
(function_declaration body: (_) @function.inside) @function.around
(event_declaration body: (_) @function.inside) @function.around
(on_declaration body: (_) @function.inside) @function.around
(every_declaration body: (_) @function.inside) @function.around
(lambda body: (_) @function.inside) @function.around
(extern_function) @function.around

(entity_declaration body: (_) @class.inside) @class.around
(workflow_declaration body: (_) @class.inside) @class.around
(record_declaration fields: (_) @class.inside) @class.around
(enum_declaration body: (_) @class.inside) @class.around
(extern_declaration body: (_) @class.inside) @class.around

(parameters (parameter) @parameter.inside @parameter.around)
(fields (field) @parameter.inside @parameter.around)
(arguments (_) @parameter.inside @parameter.around)
(lambda_parameters (_) @parameter.inside @parameter.around)

(comment) @comment.inside
(comment)+ @comment.around
(doc_comment) @comment.inside
(doc_comment)+ @comment.around

(test_declaration body: (_) @test.inside) @test.around

(map_entry) @entry.around
(match_arm body: (_) @entry.inside) @entry.around
(wait_arm body: (_) @entry.inside) @entry.around
