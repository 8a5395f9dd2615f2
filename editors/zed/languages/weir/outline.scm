; The outline of a file.
(function_declaration
  (visibility)? @context
  "fn" @context
  name: (identifier) @name) @item

(extern_function "fn" @context name: (identifier) @name) @item
(record_declaration "record" @context name: (type_identifier) @name) @item
(error_declaration "error" @context name: (type_identifier) @name) @item
(enum_declaration "enum" @context name: (type_identifier) @name) @item
(variant name: (type_identifier) @name) @item
(type_declaration "type" @context name: (type_identifier) @name) @item
(constant_declaration "let" @context name: (identifier) @name) @item
(entity_declaration "entity" @context name: (type_identifier) @name) @item
(workflow_declaration "workflow" @context name: (type_identifier) @name) @item
(state_declaration (visibility)? @context "state" @context name: (identifier) @name) @item
(merge_declaration (visibility)? @context "merge" @context name: (identifier) @name) @item
(event_declaration (visibility)? @context "event" @context name: (identifier) @name) @item
(stream_declaration (visibility)? @context "stream" @context name: (identifier) @name) @item
(view_declaration (visibility)? @context "view" @context name: (identifier) @name) @item
(on_declaration "on" @context stream: (identifier) @name) @item
(every_declaration "every" @context period: (_) @name) @item
(extern_declaration "extern" @context name: (identifier) @name) @item
(migrate_declaration "migrate" @context workflow: (type_identifier) @name) @item
(test_declaration "test" @context name: (string) @name) @item

(doc_comment) @annotation
