; Which local name is declared where, and how far it is seen: Helix colours a use as its declaration.

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
(parameter name: (field_identifier) @local.definition.variable.parameter)
(lambda parameters: (identifier) @local.definition.variable.parameter)
(lambda_parameters (identifier) @local.definition.variable.parameter)
(binding) @local.definition.variable

; ---------- uses ----------
(identifier) @local.reference
