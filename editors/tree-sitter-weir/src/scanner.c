/*
 * The ends of lines, as `compiler/syntax/src/layout.rs` settles them: a newline ends a statement unless the next token can
 * only carry on the line before. Whether the token before can end a statement, and whether the place is inside `( )`, `[ ]`
 * or a hole of a text, the grammar itself tells: only where a statement may end is a newline asked for.
 *
 * The token has no width and stands behind the newline, so it is never given twice for one. There is no state to keep.
 */

#include "tree_sitter/parser.h"

#include <string.h>

enum TokenType { NEWLINE, ERROR_SENTINEL };

void *tree_sitter_weir_external_scanner_create(void) { return NULL; }
void tree_sitter_weir_external_scanner_destroy(void *payload) { (void)payload; }
unsigned tree_sitter_weir_external_scanner_serialize(void *payload, char *buffer) {
  (void)payload;
  (void)buffer;
  return 0;
}
void tree_sitter_weir_external_scanner_deserialize(void *payload, const char *buffer, unsigned length) {
  (void)payload;
  (void)buffer;
  (void)length;
}

static bool is_word(int32_t c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static bool is_space(int32_t c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

/* Longer than every word of the list below. */
#define WORD_MAX 8

static void read_word(TSLexer *lexer, char *word) {
  unsigned length = 0;
  while (is_word(lexer->lookahead)) {
    if (length < WORD_MAX) word[length++] = (char)lexer->lookahead;
    lexer->advance(lexer, false);
  }
  word[length] = '\0';
}

/* A word that cannot begin a statement: `Tok::continues_statement` of the compiler. */
static bool word_continues(TSLexer *lexer) {
  static const char *const WORDS[] = {"and", "or", "else", "where", "join", "select", "undo", "is", "in", "fails"};
  char word[WORD_MAX + 1];
  read_word(lexer, word);
  for (unsigned n = 0; n < sizeof WORDS / sizeof *WORDS; n++) {
    if (strcmp(word, WORDS[n]) == 0) return true;
  }
  if (strcmp(word, "group") != 0 && strcmp(word, "sort") != 0) return false;
  /* `group by` and `sort by` are one keyword; either word alone is a name. */
  if (!is_space(lexer->lookahead)) return false;
  while (is_space(lexer->lookahead)) lexer->advance(lexer, false);
  read_word(lexer, word);
  return strcmp(word, "by") == 0 && lexer->lookahead != '(';
}

/* Whether the token that begins here carries on the line before. */
static bool continues(TSLexer *lexer) {
  int32_t first = lexer->lookahead;
  if (is_word(first)) return word_continues(lexer);
  switch (first) {
    case '+': case '*': case '/': case '%': case '<': case '>': case '=': case '{': case '|':
    case ')': case ']': case '}': case ',':
      return true;
    case '.':
      /* `..` begins nothing and carries on nothing. */
      lexer->advance(lexer, false);
      return lexer->lookahead != '.';
    case '!':
      lexer->advance(lexer, false);
      return lexer->lookahead == '=';
    case '-':
      /* `->` and `-=` carry on, a minus begins a number. */
      lexer->advance(lexer, false);
      return lexer->lookahead == '>' || lexer->lookahead == '=';
    case '?':
      /* `?` belongs to the line before only as `??`. */
      lexer->advance(lexer, false);
      return lexer->lookahead == '?';
    default:
      return false;
  }
}

bool tree_sitter_weir_external_scanner_scan(void *payload, TSLexer *lexer, const bool *valid) {
  (void)payload;
  if (valid[ERROR_SENTINEL] || !valid[NEWLINE]) return false;
  bool line_ended = false;
  while (is_space(lexer->lookahead)) {
    line_ended = line_ended || lexer->lookahead == '\n';
    lexer->advance(lexer, true);
  }
  if (!line_ended) return false;
  lexer->mark_end(lexer);
  /* Comments between the lines say nothing about where a statement ends. */
  while (lexer->lookahead == '/') {
    lexer->advance(lexer, false);
    if (lexer->lookahead != '/') return false;
    while (!lexer->eof(lexer) && lexer->lookahead != '\n') lexer->advance(lexer, false);
    while (is_space(lexer->lookahead)) lexer->advance(lexer, false);
  }
  if (lexer->eof(lexer) || continues(lexer)) return false;
  lexer->result_symbol = NEWLINE;
  return true;
}
