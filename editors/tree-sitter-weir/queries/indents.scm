; Indentation as Neovim's nvim-treesitter reads it.
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
] @indent.begin

; A statement that goes on in the next line.
[
  (let_statement)
  (var_statement)
  (assignment)
  (for_expression)
  (view_declaration)
  (constant_declaration)
] @indent.begin

(function_declaration "=" . (_)) @indent.begin

["}" ")" "]"] @indent.branch
["}" ")" "]"] @indent.end

(comment) @indent.ignore
(doc_comment) @indent.ignore
(string) @indent.ignore
(ERROR) @indent.auto
