#include "border.h"

typedef struct Tree { struct Tree *left, *right; } Tree;

static Tree *make(i64 depth) {
  if (depth == 0) return 0;
  Tree *left = make(depth - 1), *right = make(depth - 1);
  Tree *tree = take(sizeof(Tree));
  tree->left = left, tree->right = right;
  return tree;
}

static i64 nodes(const Tree *tree) { return tree ? 1 + nodes(tree->left) + nodes(tree->right) : 1; }

static i64 run(i64 most) {
  const Tree *kept = make(most);
  i64 total = 0;
  for (i64 depth = 4; depth <= most; depth += 4) {
    i64 times = 1;
    for (i64 i = 0; i < most - depth + 4; i++) times *= 2;
    for (i64 i = 0; i < times; i++) {
      u8 *mark = heap;
      total += nodes(make(depth));
      heap = mark;
    }
  }
  return total * 2 + nodes(kept);
}

KERNEL_OF_INT
