; Functions, types and comments as things to select and to jump to.
(function_declaration body: (_) @function.inside) @function.around
(event_declaration body: (_) @function.inside) @function.around
(on_declaration body: (_) @function.inside) @function.around
(every_declaration body: (_) @function.inside) @function.around
(test_declaration body: (_) @function.inside) @function.around
(extern_function) @function.around

(entity_declaration body: (_) @class.inside) @class.around
(workflow_declaration body: (_) @class.inside) @class.around
(record_declaration fields: (_) @class.inside) @class.around
(enum_declaration body: (_) @class.inside) @class.around
(extern_declaration body: (_) @class.inside) @class.around

(comment)+ @comment.around
(doc_comment)+ @comment.around
