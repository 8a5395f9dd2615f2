#include "border.h"

typedef struct { const u8 *at; u32 len; } Key;
typedef i64 Value;

static inline int less(Key a, Key b) {
  u32 both = a.len < b.len ? a.len : b.len;
  for (u32 i = 0; i < both; i++)
    if (a.at[i] != b.at[i]) return a.at[i] < b.at[i];
  return a.len < b.len;
}
#include "map.h"

static i64 run(const u8 *text, u32 len) {
  Map counts;
  map_init(&counts);
  for (u32 i = 0; i < len;) {
    while (i < len && (text[i] == ' ' || text[i] == '\n')) i++;
    u32 start = i;
    while (i < len && text[i] != ' ' && text[i] != '\n') i++;
    if (i == start) break;
    Key word = {text + start, i - start};
    i64 *count = map_get(&counts, word);
    map_put(&counts, word, (count ? *count : 0) + 1);
  }
  i64 sum = 0, place = 0;
  for (u32 c = 0; c < counts.count; c++)
    for (u32 e = 0; e < counts.chunks[c]->count; e++)
      place++, sum = (sum * 31 + counts.chunks[c]->entries[e].value * place) % 1000000007;
  return sum;
}

KERNEL_OF_TEXT
