; Comments have a language of their own (TODO, addresses), descriptions are Markdown.
((comment) @injection.content
  (#set! injection.language "comment"))

((doc_comment) @injection.content
  (#set! injection.language "markdown_inline"))

; Patterns of the library are regular expressions.
((call_expression
  function: (field_expression field: (field_identifier) @_function)
  arguments: (arguments (string . (string_content) @injection.content .)))
  (#any-of? @_function "matches" "find_all")
  (#set! injection.language "regex"))
