; Texts in another language.
; Patterns of the library are regular expressions.
((call_expression
  function: (field_expression field: (field_identifier) @_function)
  arguments: (arguments (string . (string_content) @injection.content .)))
  (#any-of? @_function "matches" "find_all")
  (#set! injection.language "regex"))
