#include "border.h"

static double a(i64 i, i64 j) { return 1.0 / (double)((i + j) * (i + j + 1) / 2 + i + 1); }

static double *times(const double *v, i64 n) {
  double *out = take((u32)n * 8);
  for (i64 i = 0; i < n; i++) {
    double sum = 0;
    for (i64 j = 0; j < n; j++) sum += a(i, j) * v[j];
    out[i] = sum;
  }
  return out;
}

static double *transposed(const double *v, i64 n) {
  double *out = take((u32)n * 8);
  for (i64 i = 0; i < n; i++) {
    double sum = 0;
    for (i64 j = 0; j < n; j++) sum += a(j, i) * v[j];
    out[i] = sum;
  }
  return out;
}

static i64 run(i64 n) {
  double *u = take((u32)n * 8), *v = u;
  for (i64 i = 0; i < n; i++) u[i] = 1.0;
  for (int i = 0; i < 10; i++) v = transposed(times(u, n), n), u = transposed(times(v, n), n);
  double both = 0, square = 0;
  for (i64 i = 0; i < n; i++) both += u[i] * v[i], square += v[i] * v[i];
  return (i64)(__builtin_sqrt(both / square) * 1000000000000.0);
}

KERNEL_OF_INT
