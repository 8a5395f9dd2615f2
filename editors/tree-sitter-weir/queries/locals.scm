; Which name is declared where, and how far it is seen.

; ---------- scopes ----------
(source_file) @local.scope
(function_declaration) @local.scope
(entity_declaration) @local.scope
(workflow_declaration) @local.scope
(event_declaration) @local.scope
(on_declaration) @local.scope
(test_declaration) @local.scope
(block) @local.scope
(lambda) @local.scope
(for_expression) @local.scope
(match_arm) @local.scope
(wait_arm) @local.scope

; ---------- declarations ----------
(function_declaration name: (identifier) @local.definition.function)
(extern_function name: (identifier) @local.definition.function)
(event_declaration name: (identifier) @local.definition.function)
(constant_declaration name: (identifier) @local.definition.constant)
(record_declaration name: (type_identifier) @local.definition.type)
(error_declaration name: (type_identifier) @local.definition.type)
(enum_declaration name: (type_identifier) @local.definition.type)
(type_declaration name: (type_identifier) @local.definition.type)
(entity_declaration name: (type_identifier) @local.definition.type)
(workflow_declaration name: (type_identifier) @local.definition.type)
(variant name: (type_identifier) @local.definition.enum)
(state_declaration name: (identifier) @local.definition.field)
(merge_declaration name: (identifier) @local.definition.field)
(stream_declaration name: (identifier) @local.definition.var)
(view_declaration name: (identifier) @local.definition.var)
(extern_declaration name: (identifier) @local.definition.namespace)
(import_declaration alias: (identifier) @local.definition.import)
(import_list (identifier) @local.definition.import)
(import_list (type_identifier) @local.definition.import)
(parameter name: (field_identifier) @local.definition.parameter)
(lambda parameters: (identifier) @local.definition.parameter)
(lambda_parameters (identifier) @local.definition.parameter)
(binding) @local.definition.var

; ---------- uses ----------
(identifier) @local.reference
(type_identifier) @local.reference
