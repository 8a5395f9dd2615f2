// A map in the order of its keys, as Weir has it in memory: sorted chunks, and a sorted list of them. Before it is included,
// `Key`, `Value` and `less(a, b)` are to be there.
#pragma once
#include "border.h"

#define CHUNK_MAX 256

typedef struct { Key key; Value value; } Entry;
typedef struct { u32 count; Entry entries[CHUNK_MAX]; } Chunk;
typedef struct { u32 count, room; Chunk **chunks; } Map;

static void map_init(Map *m) {
  m->count = 1, m->room = 16, m->chunks = take(16 * sizeof(Chunk *));
  m->chunks[0] = take(sizeof(Chunk));
  m->chunks[0]->count = 0;
}

// The last chunk whose first key is not behind `key`.
static u32 map_chunk(const Map *m, Key key) {
  u32 low = 0, high = m->count - 1;
  while (low < high) {
    u32 middle = (low + high + 1) / 2;
    if (less(key, m->chunks[middle]->entries[0].key)) high = middle - 1;
    else low = middle;
  }
  return low;
}

// Where `key` is in the chunk, or would have to be.
static u32 map_position(const Chunk *chunk, Key key) {
  u32 low = 0, high = chunk->count;
  while (low < high) {
    u32 middle = (low + high) / 2;
    if (less(chunk->entries[middle].key, key)) low = middle + 1;
    else high = middle;
  }
  return low;
}

static Value *map_get(const Map *m, Key key) {
  Chunk *chunk = m->chunks[map_chunk(m, key)];
  u32 at = map_position(chunk, key);
  return at < chunk->count && !less(key, chunk->entries[at].key) ? &chunk->entries[at].value : 0;
}

static void map_put(Map *m, Key key, Value value) {
  u32 c = map_chunk(m, key);
  Chunk *chunk = m->chunks[c];
  u32 at = map_position(chunk, key);
  if (at < chunk->count && !less(key, chunk->entries[at].key)) {
    chunk->entries[at].value = value;
    return;
  }
  if (chunk->count == CHUNK_MAX) {
    if (m->count == m->room) {
      Chunk **chunks = take(2 * m->room * sizeof(Chunk *));
      copy(chunks, m->chunks, m->room * sizeof(Chunk *));
      m->chunks = chunks, m->room *= 2;
    }
    Chunk *behind = take(sizeof(Chunk));
    behind->count = CHUNK_MAX / 2, chunk->count = CHUNK_MAX / 2;
    copy(behind->entries, chunk->entries + CHUNK_MAX / 2, CHUNK_MAX / 2 * sizeof(Entry));
    move(m->chunks + c + 2, m->chunks + c + 1, (m->count - c - 1) * sizeof(Chunk *));
    m->chunks[c + 1] = behind, m->count++;
    if (at > CHUNK_MAX / 2) chunk = behind, at -= CHUNK_MAX / 2;
  }
  move(chunk->entries + at + 1, chunk->entries + at, (chunk->count - at) * sizeof(Entry));
  chunk->entries[at].key = key, chunk->entries[at].value = value;
  chunk->count++;
}
