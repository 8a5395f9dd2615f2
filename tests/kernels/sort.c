#include "border.h"

// Merge sort, bottom up, as the library of Weir has it.
static i64 *sorted(i64 *from, i64 n) {
  i64 *to = take((u32)n * 8);
  for (i64 width = 1; width < n; width += width) {
    i64 out = 0;
    for (i64 start = 0; start < n;) {
      i64 middle = start + width < n ? start + width : n, end = start + width + width < n ? start + width + width : n;
      i64 left = start, right = middle;
      while (left < middle || right < end) {
        if (right >= end || (left < middle && from[left] <= from[right]))
          to[out++] = from[left++];
        else
          to[out++] = from[right++];
      }
      start = end;
    }
    i64 *other = from;
    from = to;
    to = other;
  }
  return from;
}

static i64 run(i64 n) {
  i64 *xs = take((u32)n * 8);
  seed = 42;
  for (i64 i = 0; i < n; i++) xs[i] = draw();
  xs = sorted(xs, n);
  i64 sum = 0;
  for (i64 i = 0; i < n; i++) sum = (sum * 31 + xs[i]) % 1000000007;
  return sum;
}

KERNEL_OF_INT
