; What can be folded away.
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
  (import_list)
  (for_expression)
] @fold

(comment)+ @fold
(doc_comment)+ @fold
(import_declaration)+ @fold
