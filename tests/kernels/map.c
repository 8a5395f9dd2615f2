#include "border.h"

typedef i64 Key;
typedef i64 Value;
static inline int less(Key a, Key b) { return a < b; }
#include "map.h"

static i64 run(i64 n) {
  Map m;
  map_init(&m);
  seed = 42;
  for (i64 i = 0; i < n; i++) map_put(&m, draw(), i);
  i64 sum = 0;
  seed = 42;
  for (i64 i = 0; i < n; i++) {
    i64 *found = map_get(&m, draw() + i % 2);
    sum += found ? *found : 1;
  }
  return sum;
}

KERNEL_OF_INT
