// What every kernel in C shares: the border of a Weir module (`runtime/contract/CONTRACT.md`), so that the same engine runs
// both, and an arena like the one Weir programs have. No library: what C needs beyond this it does not get.
#pragma once

typedef unsigned char u8;
typedef unsigned int u32;
typedef long long i64;
typedef unsigned long long u64;

extern u8 __heap_base;
static u8 *heap;

#define copy(to, from, len) __builtin_memcpy(to, from, len)
#define move(to, from, len) __builtin_memmove(to, from, len)
#define PAGE 65536u

static inline void *take(u32 bytes) {
  u8 *at = heap;
  heap += (bytes + 7) & ~7u;
  u32 end = (u32)heap, have = __builtin_wasm_memory_size(0) * PAGE;
  if (end > have) {
    u32 pages = (end - have + PAGE - 1) / PAGE, size = have / PAGE;
    if (__builtin_wasm_memory_grow(0, pages > size ? pages : size) == -1u &&
        __builtin_wasm_memory_grow(0, pages) == -1u)
      __builtin_trap();
  }
  return at;
}

// The kernels' random numbers; both languages draw the same.
static i64 seed;
static inline i64 draw(void) { return seed = (seed * 1103515245 + 12345) % 2147483648; }

static u8 *unsigned_out(u8 *to, u64 n) {
  for (; n >= 0x80; n >>= 7) *to++ = (u8)n | 0x80;
  *to++ = (u8)n;
  return to;
}

static const u8 *unsigned_in(const u8 *from, u64 *n) {
  u32 shift = 0;
  *n = 0;
  do *n |= (u64)(*from & 0x7f) << shift, shift += 7;
  while (*from++ & 0x80);
  return from;
}

// The arguments behind the header, the key and the caller.
static inline const u8 *arguments(const u8 *in) {
  return in + 16 + *(const u32 *)(in + 8) + (*(const u32 *)(in + 12) & 0x7fffffff);
}

static u8 answer[16];

static i64 reply(i64 value) {
  u8 *end = unsigned_out(answer + 1, (u64)value << 1 ^ value >> 63);
  return (i64)(u32)answer << 32 | (end - answer);
}

#define STEP __attribute__((export_name("weir_step"))) i64 weir_step(u32 entry, const u8 *in, u32 len)

// `run` of a number.
#define KERNEL_OF_INT                                \
  STEP {                                             \
    u64 n;                                           \
    unsigned_in(arguments(in), &n);                  \
    heap = &__heap_base;                             \
    return reply(run((i64)(n >> 1) ^ -(i64)(n & 1))); \
  }

// `run` of a text. The input lies at address 0, in front of what is linked (`build.sh`).
#define KERNEL_OF_TEXT                               \
  STEP {                                             \
    u64 bytes;                                       \
    const u8 *text = unsigned_in(arguments(in), &bytes); \
    heap = &__heap_base;                             \
    return reply(run(text, (u32)bytes));             \
  }
