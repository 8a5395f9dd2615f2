; What is declared and what is used, for code navigation without a compiler.

(function_declaration name: (identifier) @name) @definition.function
(members (function_declaration name: (identifier) @name) @definition.method)
(extern_function name: (identifier) @name) @definition.function
(event_declaration name: (identifier) @name) @definition.method
(record_declaration name: (type_identifier) @name) @definition.class
(error_declaration name: (type_identifier) @name) @definition.class
(enum_declaration name: (type_identifier) @name) @definition.class
(entity_declaration name: (type_identifier) @name) @definition.class
(workflow_declaration name: (type_identifier) @name) @definition.class
(type_declaration name: (type_identifier) @name) @definition.type
(constant_declaration name: (identifier) @name) @definition.constant
(stream_declaration name: (identifier) @name) @definition.constant
(view_declaration name: (identifier) @name) @definition.constant
(extern_declaration name: (identifier) @name) @definition.module
