; Indentation: what a pair of brackets holds, and statements that go on.
(_ "{" "}" @end) @indent
(_ "[" "]" @end) @indent
(_ "(" ")" @end) @indent

[
  (let_statement)
  (var_statement)
  (assignment)
  (for_expression)
  (view_declaration)
  (constant_declaration)
] @indent
