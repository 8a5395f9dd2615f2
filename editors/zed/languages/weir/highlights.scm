; Colours for Zed: those of the grammar, in its names for captures. Where two patterns fit, the later one counts.

; ---------- names ----------
(identifier) @variable
(binding) @variable
(field_identifier) @property
(self) @variable.special
(wildcard) @variable.special

; A type or a variant: both begin with an upper-case letter.
(type_identifier) @type

((type_identifier) @type.builtin
  (#any-of? @type.builtin
    "Bool" "Int" "Decimal" "Float" "Text" "Bytes" "Time" "Duration" "Date" "Money" "List" "Map" "Set" "Result" "Run"
    "Ticket" "UserId" "Blob" "EntryId" "Counter" "MoneySum" "Average" "MaxOf" "MinOf" "Flag" "Latest" "GrowSet" "AddSet"
    "MergeMap"))

(match_arm pattern: (type_identifier) @constructor)
(variant name: (type_identifier) @constructor)
(variant_pattern variant: (type_identifier) @constructor)
(qualified_variant name: (type_identifier) @constructor)
(call_expression function: (type_identifier) @constructor)
(field_expression field: (type_identifier) @constructor)
((type_identifier) @constant
  (#any-of? @constant "None" "Some" "Ok"))

; ---------- declarations ----------
(record_declaration name: (type_identifier) @type)
(error_declaration name: (type_identifier) @type)
(enum_declaration name: (type_identifier) @type)
(type_declaration name: (type_identifier) @type)
(entity_declaration name: (type_identifier) @type)
(workflow_declaration name: (type_identifier) @type)
(constant_declaration name: (identifier) @constant)
(function_declaration name: (identifier) @function)
(extern_function name: (identifier) @function)
(event_declaration name: (identifier) @function)
(migrate_declaration function: (identifier) @function)
(parameter name: (field_identifier) @variable.parameter)
(lambda parameters: (identifier) @variable.parameter)
(lambda_parameters (identifier) @variable.parameter)
(state_declaration name: (identifier) @property)
(merge_declaration name: (identifier) @property)
(stream_declaration name: (identifier) @variable)
(view_declaration name: (identifier) @variable)
(extern_declaration name: (identifier) @namespace)
(module_path (identifier) @namespace)
(import_declaration alias: (identifier) @namespace)
(wait_arm event: (identifier) @function)

; ---------- calls ----------
(call_expression function: (identifier) @function)
(call_expression function: (field_expression field: (field_identifier) @function.method))
(labeled_argument label: (field_identifier) @variable.parameter)

; ---------- attributes ----------
(attribute_name) @attribute

; ---------- literals ----------
(integer) @number
(decimal) @number
(float) @number
(money) @number
(duration) @number
(time) @string.special
(date) @string.special
(boolean) @boolean
(string) @string
(escape_sequence) @string.escape
(interpolation "{" @punctuation.special "}" @punctuation.special)

; ---------- keywords ----------
[
  "as" "from" "new" "on" "scratch" "atomic" "parallel" "where" "join" "select" "group" "by" "sort" "limit" "desc"
  "expect" "peek" "send" "undo" "let" "var" "migrate" "every" "test" "extern" "invariant" "allow" "state" "merge" "event"
  "stream" "view"
] @keyword

"import" @keyword
["fn"] @keyword
["record" "enum" "error" "type" "entity" "workflow"] @keyword
(visibility) @keyword
["if" "else" "match" "wait" "after" "require"] @keyword
["for" "while"] @keyword
(break_expression) @keyword
(continue_expression) @keyword
["return"] @keyword
["fail" "fails"] @keyword
["and" "or" "not" "is" "in"] @keyword

; ---------- signs ----------
["=" "+=" "-=" "*=" "==" "!=" "<" "<=" ">" ">=" "+" "-" "*" "/" "%" ".." "??" "?" "->" "=>" "|"] @operator
["(" ")" "[" "]" "{" "}"] @punctuation.bracket
(type_parameters ["<" ">"] @punctuation.bracket)
(type_arguments ["<" ">"] @punctuation.bracket)
["." "," ":" ";"] @punctuation.delimiter

; ---------- comments ----------
(comment) @comment
(doc_comment) @comment.doc
