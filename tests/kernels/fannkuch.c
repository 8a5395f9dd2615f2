#include "border.h"

static i64 run(i64 n) {
  i64 *p = take((u32)n * 8), *q = take((u32)n * 8), *count = take((u32)n * 8);
  for (i64 i = 0; i < n; i++) p[i] = i, count[i] = 0;
  i64 checksum = 0, most = 0, r = n;
  int even = 1;
  for (;;) {
    for (; r != 1; r--) count[r - 1] = r;
    if (p[0] != 0) {
      for (i64 i = 0; i < n; i++) q[i] = p[i];
      i64 flips = 0;
      for (i64 k = q[0]; k != 0; k = q[0]) {
        for (i64 low = 0, high = k; low < high; low++, high--) {
          i64 other = q[low];
          q[low] = q[high];
          q[high] = other;
        }
        flips++;
      }
      if (flips > most) most = flips;
      checksum += even ? flips : -flips;
    }
    even = !even;
    for (;;) {
      if (r == n) return checksum * 1000 + most;
      i64 first = p[0];
      for (i64 i = 0; i < r; i++) p[i] = p[i + 1];
      p[r] = first;
      count[r]--;
      if (count[r] > 0) break;
      r++;
    }
  }
}

KERNEL_OF_INT
