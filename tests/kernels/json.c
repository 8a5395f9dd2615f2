#include "border.h"

typedef struct { const u8 *at; u32 len; } Text;
typedef struct { i64 id; Text name; i64 price, count; int sold; } Item;
typedef struct { u32 len, room; Item *items; } Items;

static const u8 *text;
static u32 text_len, at;

static void skip(void) { while (at < text_len && text[at] <= ' ') at++; }

static void expect(u8 byte) {
  skip();
  if (at >= text_len || text[at] != byte) __builtin_trap();
  at++;
}

static int follows(u8 byte) {
  skip();
  if (at < text_len && text[at] == byte) return at++, 1;
  return 0;
}

static i64 number(void) {
  skip();
  int negative = at < text_len && text[at] == '-';
  if (negative) at++;
  i64 n = 0;
  while (at < text_len && text[at] >= '0' && text[at] <= '9') n = n * 10 + text[at++] - '0';
  return negative ? -n : n;
}

static Text string(void) {
  expect('"');
  u8 *out = take(text_len - at), *to = out;
  while (text[at] != '"') {
    u8 byte = text[at++];
    if (byte == '\\') byte = text[at++] == 'n' ? '\n' : text[at - 1];
    *to++ = byte;
  }
  at++;
  heap = (u8 *)(((u32)to + 7) & ~7u);
  return (Text){out, to - out};
}

static int is(Text t, const char *name) {
  u32 i = 0;
  for (; i < t.len && name[i]; i++)
    if (t.at[i] != (u8)name[i]) return 0;
  return i == t.len && !name[i];
}

static Item item(void) {
  Item item = {0};
  expect('{');
  do {
    Text name = string();
    expect(':');
    if (is(name, "id")) item.id = number();
    else if (is(name, "name")) item.name = string();
    else if (is(name, "price")) item.price = number();
    else if (is(name, "count")) item.count = number();
    else if (is(name, "sold")) skip(), item.sold = text[at] == 't', at += item.sold ? 4 : 5;
    else __builtin_trap();
  } while (follows(','));
  expect('}');
  return item;
}

static u8 *out;
static u32 out_len, out_room;

static void put(const u8 *bytes, u32 len) {
  if (out_len + len > out_room) {
    u32 room = 2 * (out_len + len);
    u8 *more = take(room);
    copy(more, out, out_len);
    out = more, out_room = room;
  }
  copy(out + out_len, bytes, len);
  out_len += len;
}

static void put_text(const char *bytes) {
  u32 len = 0;
  while (bytes[len]) len++;
  put((const u8 *)bytes, len);
}

static void put_number(i64 n) {
  u8 digits[20];
  u32 first = 20;
  u64 rest = n < 0 ? -(u64)n : (u64)n;
  do digits[--first] = '0' + rest % 10;
  while (rest /= 10);
  if (n < 0) digits[--first] = '-';
  put(digits + first, 20 - first);
}

static void put_string(Text t) {
  put_text("\"");
  for (u32 i = 0, from = 0; i <= t.len; i++) {
    if (i == t.len || t.at[i] == '"' || t.at[i] == '\\' || t.at[i] == '\n') {
      put(t.at + from, i - from);
      from = i + 1;
      if (i < t.len) put_text(t.at[i] == '"' ? "\\\"" : t.at[i] == '\\' ? "\\\\" : "\\n");
    }
  }
  put_text("\"");
}

static i64 run(const u8 *bytes, u32 len) {
  text = bytes, text_len = len, at = 0;
  Items all = {0, 16, take(16 * sizeof(Item))};
  expect('[');
  do {
    if (all.len == all.room) {
      Item *more = take(2 * all.room * sizeof(Item));
      copy(more, all.items, all.room * sizeof(Item));
      all.items = more, all.room *= 2;
    }
    all.items[all.len++] = item();
  } while (follows(','));
  expect(']');
  out_room = 64, out_len = 0, out = take(out_room);
  i64 worth = 0;
  put_text("[");
  for (u32 i = 0; i < all.len; i++) {
    Item *x = &all.items[i];
    if (!x->sold) worth += x->price * x->count;
    if (i > 0) put_text(",");
    put_text("{\"id\":"), put_number(x->id);
    put_text(",\"name\":"), put_string(x->name);
    put_text(",\"price\":"), put_number(x->price);
    put_text(",\"count\":"), put_number(x->count);
    put_text(",\"sold\":"), put_text(x->sold ? "true" : "false");
    put_text("}");
  }
  put_text("]");
  return worth * 1000 + out_len % 1000;
}

KERNEL_OF_TEXT
