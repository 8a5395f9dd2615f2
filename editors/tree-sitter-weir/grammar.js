/**
 * The grammar of Weir for editors: the rules of `compiler/syntax/src/weir.lalrpop`, written so that the tree is pleasant to
 * query. It is kinder than the compiler: what only the compiler can tell (a hard keyword as a name, two comparisons in a
 * row) passes here.
 *
 * The ends of lines are the work of `src/scanner.c`: a newline ends a statement as `compiler/syntax/src/layout.rs` says.
 * Soft keywords need no rule as names: where their item or clause cannot begin, a word is an `identifier`.
 */

/// <reference types="tree-sitter-cli/dsl" />

// How tightly things bind, loosest first; the names are those of the rules in `weir.lalrpop`.
const PREC = {
  lambda: 1,
  diverge: 1,
  for: 1,
  coalesce: 2,
  or: 3,
  and: 4,
  not: 5,
  compare: 6,
  range: 7,
  add: 8,
  multiply: 9,
  unary: 10,
  postfix: 11,
};

// Never the name of a value, but of fields and arguments: after a dot and before a colon any word is a name.
const HARD_KEYWORDS = [
  "pub", "fn", "let", "var", "if", "else", "match", "is", "for", "in", "while", "break", "continue", "return", "fail",
  "require", "expect", "send", "after", "peek", "wait", "undo", "atomic", "parallel", "scratch", "where", "join", "select",
  "and", "or", "not", "true", "false", "self",
];

/** `a, b, c`, with an optional comma at the end. */
const list = (rule) => optional(seq(list1(rule), optional(",")));

/** `a, b, c` */
const list1 = (rule) => seq(rule, repeat(seq(",", rule)));

/** One to a line, or with `separator` between them. */
const lines = (separator, rule) =>
  seq(repeat(separator), optional(seq(rule, repeat(seq(repeat1(separator), rule)), repeat(separator))));

module.exports = grammar({
  name: "weir",

  word: ($) => $.identifier,

  externals: ($) => [
    // A newline that ends a statement. Has no width.
    $._newline,
    // Never in a tree: is asked for only while the parser recovers, and the scanner then keeps quiet.
    $._error_sentinel,
  ],

  extras: ($) => [/\s/, $.comment, $.doc_comment],

  supertypes: ($) => [$._declaration, $._member, $._type, $._expression, $._literal, $._pattern],

  inline: ($) => [$._separator],

  // Whether a dot goes on in the path or ends it, only what follows it tells.
  conflicts: ($) => [[$.module_path]],

  rules: {
    source_file: ($) => lines($._terminator, $._declaration),

    comment: (_) => token(choice(/\/\/([^\/\n][^\n]*)?/, /\/\/\/\/[^\n]*/)),
    // `///` and not `////`.
    doc_comment: (_) => token(/\/\/\/([^\/\n][^\n]*)?/),

    _terminator: ($) => choice(";", $._newline),
    _separator: ($) => choice(";", ",", $._newline),

    // ---------- names ----------
    identifier: (_) => /[a-z][A-Za-z0-9_]*|_[A-Za-z0-9_]+/,
    type_identifier: (_) => /[A-Z][A-Za-z0-9_]*/,
    // Fields, parameters and arguments: any word.
    _label: ($) =>
      choice(alias($.identifier, $.field_identifier), alias(choice(...HARD_KEYWORDS), $.field_identifier)),

    // ---------- items ----------
    _declaration: ($) =>
      choice(
        $.import_declaration,
        $.record_declaration,
        $.error_declaration,
        $.enum_declaration,
        $.type_declaration,
        $.constant_declaration,
        $.function_declaration,
        $.entity_declaration,
        $.workflow_declaration,
        $.stream_declaration,
        $.view_declaration,
        $.on_declaration,
        $.every_declaration,
        $.extern_declaration,
        $.migrate_declaration,
        $.test_declaration,
      ),

    _attributes: ($) => repeat1(seq($.attribute, optional($._terminator))),
    attribute: ($) => prec.right(seq(field("name", $.attribute_name), optional(field("arguments", $.arguments)))),
    attribute_name: (_) => token(seq("@", /[A-Za-z][A-Za-z0-9_]*/)),
    visibility: (_) => "pub",

    import_declaration: ($) =>
      seq(
        optional($._attributes),
        "import",
        field("path", $.module_path),
        optional(choice(seq("as", field("alias", $.identifier)), seq(".", field("names", $.import_list)))),
      ),
    module_path: ($) => seq($.identifier, repeat(seq(".", $.identifier))),
    import_list: ($) => seq("{", list(choice($.identifier, $.type_identifier)), "}"),

    record_declaration: ($) =>
      seq(
        optional($._attributes),
        "record",
        field("name", $.type_identifier),
        optional(field("type_parameters", $.type_parameters)),
        field("fields", $.fields),
      ),
    error_declaration: ($) =>
      seq(optional($._attributes), "error", field("name", $.type_identifier), optional(field("fields", $.fields))),
    enum_declaration: ($) =>
      seq(
        optional($._attributes),
        "enum",
        field("name", $.type_identifier),
        optional(field("type_parameters", $.type_parameters)),
        field("body", $.variants),
      ),
    variants: ($) => seq("{", lines($._separator, $.variant), "}"),
    variant: ($) => seq(field("name", $.type_identifier), optional(field("fields", $.fields))),
    type_declaration: ($) =>
      seq(
        optional($._attributes),
        "type",
        field("name", $.type_identifier),
        optional(field("type_parameters", $.type_parameters)),
        "=",
        optional("new"),
        field("type", $._type),
      ),
    constant_declaration: ($) =>
      seq(
        optional($._attributes),
        "let",
        field("name", $.identifier),
        optional($._type_annotation),
        "=",
        field("value", $._expression),
      ),

    type_parameters: ($) => seq("<", list1($.type_identifier), ">"),
    fields: ($) => seq("(", list($.field), ")"),
    field: ($) =>
      seq(
        optional($._attributes),
        field("name", $._label),
        ":",
        field("type", $._type),
        optional(seq("=", field("default", $._expression))),
      ),

    function_declaration: ($) =>
      seq(
        optional($._attributes),
        optional($.visibility),
        "fn",
        field("name", $.identifier),
        optional(field("type_parameters", $.type_parameters)),
        field("parameters", $.parameters),
        optional($._return_type),
        optional($.fails_clause),
        choice(field("body", $.block), seq("=", field("body", $._expression))),
      ),
    parameters: ($) => seq("(", list($.parameter), ")"),
    parameter: ($) =>
      seq(
        optional($._attributes),
        field("name", $._label),
        ":",
        field("type", $._type),
        optional(seq("=", field("default", $._expression))),
      ),
    _return_type: ($) => seq("->", field("return_type", $._type)),
    fails_clause: ($) => prec.right(seq("fails", list1($._type_path))),

    entity_declaration: ($) =>
      seq(
        optional($._attributes),
        "entity",
        field("name", $.type_identifier),
        field("keys", $.parameters),
        field("body", $.members),
      ),
    workflow_declaration: ($) =>
      seq(
        optional($._attributes),
        "workflow",
        field("name", $.type_identifier),
        field("keys", $.parameters),
        field("body", $.members),
      ),
    members: ($) => seq("{", lines($._terminator, $._member), "}"),
    _member: ($) =>
      choice(
        $.state_declaration,
        $.merge_declaration,
        $.invariant_declaration,
        $.allow_declaration,
        $.event_declaration,
        $.function_declaration,
      ),
    state_declaration: ($) =>
      seq(
        optional($._attributes),
        optional($.visibility),
        "state",
        field("name", $.identifier),
        ":",
        field("type", $._type),
        optional(seq("=", field("value", $._expression))),
      ),
    merge_declaration: ($) =>
      seq(
        optional($._attributes),
        optional($.visibility),
        "merge",
        field("name", $.identifier),
        ":",
        field("type", $._type),
      ),
    invariant_declaration: ($) =>
      seq(optional($._attributes), "invariant", field("condition", $._expression)),
    allow_declaration: ($) => seq(optional($._attributes), "allow", field("condition", $._expression)),
    event_declaration: ($) =>
      seq(
        optional($._attributes),
        optional($.visibility),
        "event",
        field("name", $.identifier),
        field("parameters", $.parameters),
        optional(field("body", $.block)),
      ),

    stream_declaration: ($) =>
      seq(
        optional($._attributes),
        optional($.visibility),
        "stream",
        field("name", $.identifier),
        ":",
        field("type", $._type),
      ),
    view_declaration: ($) =>
      seq(
        optional($._attributes),
        optional($.visibility),
        "view",
        field("name", $.identifier),
        "=",
        field("value", $._expression),
      ),
    on_declaration: ($) =>
      seq(
        optional($._attributes),
        "on",
        field("stream", $.identifier),
        "(",
        field("pattern", $._pattern),
        ")",
        field("body", $.block),
      ),
    every_declaration: ($) =>
      seq(optional($._attributes), "every", field("period", $._expression), field("body", $.block)),
    extern_declaration: ($) =>
      seq(
        optional($._attributes),
        "extern",
        field("name", $.identifier),
        "from",
        field("source", $.string),
        field("body", $.extern_functions),
      ),
    extern_functions: ($) => seq("{", lines($._terminator, $.extern_function), "}"),
    extern_function: ($) =>
      seq(
        optional($._attributes),
        "fn",
        field("name", $.identifier),
        field("parameters", $.parameters),
        optional($._return_type),
        optional($.fails_clause),
      ),
    migrate_declaration: ($) =>
      seq(
        optional($._attributes),
        "migrate",
        field("workflow", $.type_identifier),
        ".",
        field("function", $.identifier),
        field("body", $.migrate_arms),
      ),
    migrate_arms: ($) => seq("{", lines($._terminator, $.migrate_arm), "}"),
    migrate_arm: ($) =>
      seq(optional($._attributes), field("label", $.string), "=>", field("body", $.block)),
    test_declaration: ($) =>
      seq(
        optional($._attributes),
        "test",
        field("name", $.string),
        optional(field("parameters", $.parameters)),
        field("body", $.block),
      ),

    // ---------- types ----------
    _type: ($) => choice($._type_path, $.generic_type, $.tuple_type, $.optional_type, $.function_type),
    _type_path: ($) => choice($.type_identifier, $.qualified_type),
    qualified_type: ($) => seq(field("module", $.module_path), ".", field("name", $.type_identifier)),
    generic_type: ($) => seq(field("type", $._type_path), field("arguments", $.type_arguments)),
    type_arguments: ($) => seq("<", list1($._type), ">"),
    tuple_type: ($) => seq("(", list(choice($._type, $.type_field)), ")"),
    type_field: ($) => seq(field("name", $._label), ":", field("type", $._type)),
    optional_type: ($) => prec(2, seq($._type, "?")),
    function_type: ($) =>
      prec.right(1, seq("fn", "(", list($._type), ")", "->", field("return_type", $._type))),
    _type_annotation: ($) => seq(":", field("type", $._type)),

    // ---------- statements ----------
    block: ($) => seq("{", lines($._terminator, $._statement), "}"),
    _statement: ($) =>
      choice(
        $.let_statement,
        $.var_statement,
        $.while_statement,
        $.require_statement,
        $.expect_statement,
        $.assignment,
        $.expression_statement,
      ),
    let_statement: ($) =>
      seq(
        optional("scratch"),
        "let",
        field("pattern", $._pattern),
        optional($._type_annotation),
        "=",
        field("value", $._step),
      ),
    var_statement: ($) =>
      seq(
        "var",
        field("name", alias($.identifier, $.binding)),
        optional($._type_annotation),
        "=",
        field("value", $._step),
      ),
    while_statement: ($) => seq("while", field("condition", $._expression), field("body", $.block)),
    require_statement: ($) =>
      seq("require", field("condition", $._expression), "else", field("otherwise", $._expression)),
    expect_statement: ($) => seq("expect", field("condition", $._expression)),
    expression_statement: ($) => $._step,
    assignment: ($) =>
      seq(
        field("left", $._postfix),
        field("operator", choice("=", "+=", "-=", "*=")),
        field("right", $._step),
      ),
    // A step may name what undoes it.
    _step: ($) => choice($._expression, $.undo_expression),
    undo_expression: ($) => seq(field("step", $._expression), "undo", field("undo", choice($._expression, $.block))),

    // ---------- expressions ----------
    _expression: ($) =>
      choice(
        $.lambda,
        $.for_expression,
        $._diverging,
        $._operand,
      ),
    _diverging: ($) => choice($.fail_expression, $.return_expression, $.break_expression, $.continue_expression),
    // What operators take, and what stands before a `=>` that belongs to an arm: no lambda.
    _operand: ($) =>
      choice(
        $.binary_expression,
        $.is_expression,
        $.range_expression,
        $.unary_expression,
        $.peek_expression,
        $.send_expression,
        $._postfix,
      ),

    // The parameters are read as arguments first: `(a, b)` is a tuple until `=>` follows.
    lambda: ($) =>
      prec.right(
        PREC.lambda,
        seq(
          field("parameters", choice($.identifier, $.wildcard, alias($.arguments, $.lambda_parameters))),
          "=>",
          field("body", choice($._expression, $.block)),
        ),
      ),

    fail_expression: ($) => prec.right(PREC.diverge, seq("fail", $._expression)),
    return_expression: ($) => prec.right(PREC.diverge, seq("return", optional($._expression))),
    break_expression: (_) => "break",
    continue_expression: (_) => "continue",

    for_expression: ($) =>
      prec.right(
        PREC.for,
        seq(
          optional("parallel"),
          "for",
          list1($.generator),
          repeat(choice($.where_clause, $.join_clause, $.group_clause, $.sort_clause)),
          choice(
            field("body", $.block),
            seq("select", field("select", $._expression), optional(seq("limit", field("limit", $._operand)))),
          ),
        ),
      ),
    generator: ($) => seq(field("pattern", $._pattern), "in", field("source", $._operand)),
    where_clause: ($) => seq("where", $._operand),
    join_clause: ($) =>
      seq("join", field("pattern", $._pattern), "in", field("source", $._operand), "on", field("on", $._operand)),
    group_clause: ($) => seq("group", "by", list1($.group_key)),
    group_key: ($) => seq(optional(seq(field("name", alias($.identifier, $.binding)), ":")), $._operand),
    sort_clause: ($) => seq("sort", "by", list1($.sort_key)),
    sort_key: ($) => seq($._operand, optional("desc")),

    binary_expression: ($) => {
      const binary = (operator, right = $._operand) =>
        seq(field("left", $._operand), field("operator", operator), field("right", right));
      return choice(
        prec.right(PREC.coalesce, binary("??", choice($._operand, $._diverging))),
        prec.left(PREC.or, binary("or")),
        prec.left(PREC.and, binary("and")),
        prec.left(PREC.compare, binary(choice("==", "!=", "<", "<=", ">", ">=", "in"))),
        prec.left(PREC.add, binary(choice("+", "-"))),
        prec.left(PREC.multiply, binary(choice("*", "/", "%"))),
      );
    },
    is_expression: ($) =>
      prec.left(PREC.compare, seq(field("value", $._operand), "is", field("pattern", $._pattern))),
    range_expression: ($) =>
      prec.left(PREC.range, seq(field("start", $._operand), "..", field("end", $._operand))),
    unary_expression: ($) =>
      choice(
        prec(PREC.not, seq(field("operator", "not"), field("operand", $._operand))),
        prec(PREC.unary, seq(field("operator", "-"), field("operand", $._operand))),
      ),
    peek_expression: ($) => prec(PREC.unary, seq("peek", $._operand)),
    send_expression: ($) =>
      prec.right(
        PREC.unary,
        seq("send", field("call", $._postfix), optional(seq("after", field("delay", $._operand)))),
      ),

    _postfix: ($) =>
      choice(
        $._literal,
        $.identifier,
        $.type_identifier,
        $.self,
        alias($.arguments, $.tuple_expression),
        $.list_expression,
        $.map_expression,
        $.if_expression,
        $.match_expression,
        $.wait_expression,
        $.atomic_expression,
        $.parallel_expression,
        $.field_expression,
        $.call_expression,
        $.index_expression,
        $.try_expression,
      ),
    self: (_) => "self",
    field_expression: ($) =>
      prec(
        PREC.postfix,
        seq(field("value", $._postfix), ".", field("field", choice($._label, $.type_identifier, $.integer))),
      ),
    call_expression: ($) =>
      prec(PREC.postfix, seq(field("function", $._postfix), field("arguments", $.arguments))),
    index_expression: ($) =>
      prec(PREC.postfix, seq(field("value", $._postfix), "[", field("index", $._expression), "]")),
    try_expression: ($) => prec(PREC.postfix, seq($._postfix, "?")),

    arguments: ($) => seq("(", list(choice($._expression, $.labeled_argument, $.wildcard)), ")"),
    labeled_argument: ($) => seq(field("label", $._label), ":", field("value", $._expression)),

    list_expression: ($) => seq("[", list($._expression), "]"),
    map_expression: ($) => choice(seq("[", ":", "]"), seq("[", list1($.map_entry), optional(","), "]")),
    map_entry: ($) => seq(field("key", $._expression), ":", field("value", $._expression)),

    if_expression: ($) =>
      prec.right(
        seq(
          "if",
          field("condition", $._expression),
          field("consequence", $.block),
          optional(seq("else", field("alternative", choice($.block, $.if_expression)))),
        ),
      ),
    match_expression: ($) => seq("match", field("subject", $._expression), field("arms", $.match_arms)),
    match_arms: ($) => seq("{", lines($._separator, $.match_arm), "}"),
    match_arm: ($) =>
      seq(
        field("pattern", $._pattern),
        optional(seq("if", field("guard", $._operand))),
        "=>",
        field("body", $._arm_body),
      ),
    wait_expression: ($) => seq("wait", field("arms", $.wait_arms)),
    wait_arms: ($) => seq("{", lines($._separator, $.wait_arm), "}"),
    wait_arm: ($) =>
      seq(
        choice(
          seq(field("event", $.identifier), optional(field("arguments", $.pattern_arguments))),
          seq("after", field("delay", $._operand)),
        ),
        "=>",
        field("body", $._arm_body),
      ),
    _arm_body: ($) => choice($._step, $.assignment, $.block),
    atomic_expression: ($) => seq("atomic", field("body", $.block)),
    parallel_expression: ($) => seq("parallel", field("body", $.branches)),
    branches: ($) => seq("{", lines($._separator, $._step), "}"),

    // ---------- literals ----------
    _literal: ($) =>
      choice($.integer, $.decimal, $.float, $.money, $.duration, $.time, $.date, $.boolean, $.string),
    integer: (_) => /[0-9][0-9_]*/,
    decimal: (_) => /[0-9][0-9_]*\.[0-9][0-9_]*/,
    float: (_) => /[0-9][0-9_]*(\.[0-9][0-9_]*)?f/,
    money: (_) => /[0-9][0-9_]*(\.[0-9][0-9_]*)?[A-Z]{3}/,
    duration: (_) => /([0-9][0-9_]*(ms|s|m|h|d|w))+/,
    time: (_) => token(seq('t"', /[^"\n]*/, '"')),
    date: (_) => token(seq('d"', /[^"\n]*/, '"')),
    boolean: (_) => choice("true", "false"),

    string: ($) => seq('"', repeat(choice($.string_content, $.escape_sequence, $.interpolation)), token.immediate('"')),
    string_content: (_) => token.immediate(prec(2, /[^"\\{]+/)),
    escape_sequence: (_) => token.immediate(seq("\\", choice(/u\{[0-9A-Fa-f]*\}/, /[^u]/, "u"))),
    interpolation: ($) => seq(token.immediate("{"), field("value", $._expression), "}"),

    // ---------- patterns ----------
    _pattern: ($) =>
      choice(
        $.wildcard,
        alias($.identifier, $.binding),
        $.integer,
        $.negative_pattern,
        $.string,
        $.boolean,
        $._variant_name,
        $.variant_pattern,
        $.tuple_pattern,
        $.list_pattern,
        $.or_pattern,
      ),
    wildcard: (_) => "_",
    negative_pattern: ($) => seq("-", $.integer),
    _variant_name: ($) => choice($.type_identifier, $.qualified_variant),
    qualified_variant: ($) => seq(field("enum", $.type_identifier), ".", field("name", $.type_identifier)),
    variant_pattern: ($) => seq(field("variant", $._variant_name), field("arguments", $.pattern_arguments)),
    pattern_arguments: ($) => seq("(", list(choice($._pattern, $.labeled_pattern)), ")"),
    labeled_pattern: ($) => seq(field("label", $._label), ":", field("pattern", $._pattern)),
    tuple_pattern: ($) => seq("(", list($._pattern), ")"),
    list_pattern: ($) => seq("[", list(choice($._pattern, $.rest_pattern)), "]"),
    rest_pattern: ($) => seq("..", optional(alias($.identifier, $.binding))),
    or_pattern: ($) => prec.left(seq($._pattern, "|", $._pattern)),
  },
});
