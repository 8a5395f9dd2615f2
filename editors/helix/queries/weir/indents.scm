; Indentation as Helix reads it.
[
  (block)
  (members)
  (variants)
  (fields)
  (parameters)
  (arguments)
  (extern_functions)
  (match_arms)
  (wait_arms)
  (migrate_arms)
  (branches)
  (list_expression)
  (map_expression)
  (pattern_arguments)
  (tuple_type)
  (let_statement)
  (var_statement)
  (assignment)
  (for_expression)
  (view_declaration)
  (constant_declaration)
] @indent

["}" ")" "]"] @outdent
