/**
 * A step graph as the server tells it, and where its nodes and edges are drawn. Knows nothing of the editor.
 *
 * Layers run from top to bottom: a node stands below all that lead to it. What leads back up (a loop) is drawn at the right side, what
 * passes a layer at the left.
 */

export interface Node {
  id: string;
  label: string;
  /** Lines below the label: what is kept there, what is read and written. */
  detail?: string | null;
}

export interface Edge {
  from: string;
  to: string;
  label?: string | null;
}

/** What is drawn of the answer of the server's command `weir.stepGraph`. */
export interface Graph {
  title: string;
  /** The same in words, for people who do not see the drawing. */
  text: string;
  nodes: Node[];
  edges: Edge[];
}

export interface Box {
  node: Node;
  lines: string[];
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface Line {
  edge: Edge;
  /** From the middle below one box to the middle above another, or around the side. */
  path: string;
  label: { x: number; y: number };
  back: boolean;
}

export interface Drawing {
  boxes: Box[];
  lines: Line[];
  /** Where it begins; what is drawn at the left side stands below 0. */
  left: number;
  width: number;
  height: number;
}

const CHARACTER = 7.3;
const LINE_HEIGHT = 17;
const PADDING = 10;
const GAP_X = 36;
const GAP_Y = 54;
const MARGIN = 20;
const LABEL_CHARACTERS_MAX = 60;

/** A step as the server tells it. Edges name steps by their position. */
interface Told {
  label?: unknown;
  waitsFor?: unknown;
  keeps?: unknown;
}

/** Whether an answer of the server has the shape of a graph; edges between steps that are not there are left out. */
export function readGraph(value: unknown): Graph | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { function: title, text, nodes, edges } = value as Record<string, unknown>;
  if (!Array.isArray(nodes) || !Array.isArray(edges)) return undefined;
  const known = nodes.map((node: Told | null, at) => ({
    id: String(at),
    label: String(node?.label ?? at),
    detail: detailOf(node),
  }));
  const ids = new Set(known.map(({ id }) => id));
  return {
    title: typeof title === "string" ? title : "Steps",
    text: typeof text === "string" ? text : "",
    nodes: known,
    edges: edges
      // What simply comes next needs no word.
      .map((edge) => ({ from: String(edge?.from), to: String(edge?.to), label: edge?.how === "next" ? null : (edge?.how ?? null) }))
      .filter((edge) => ids.has(edge.from) && ids.has(edge.to)),
  };
}

function detailOf(node: Told | null): string | null {
  const said = (what: string, value: unknown) => (typeof value === "string" && value !== "" ? [`${what} ${value}`] : []);
  const lines = [...said("waits for", node?.waitsFor), ...said("keeps", node?.keeps)];
  return lines.length > 0 ? lines.join("\n") : null;
}

export function draw(graph: Graph): Drawing {
  const back = backEdges(graph);
  const layers = layersOf(graph, back);
  const boxes = new Map<string, Box>();
  let width = 0;
  let y = MARGIN;
  for (const layer of layers) {
    let x = MARGIN;
    let height = 0;
    for (const node of layer) {
      const lines = linesOf(node);
      const box = { node, lines, x, y, width: widthOf(lines), height: lines.length * LINE_HEIGHT + 2 * PADDING };
      boxes.set(node.id, box);
      x += box.width + GAP_X;
      height = Math.max(height, box.height);
    }
    width = Math.max(width, x - GAP_X + MARGIN);
    y += height + GAP_Y;
  }
  for (const layer of layers) centre(layer, boxes, width);
  const layerOf = new Map(layers.flatMap((layer, at) => layer.map((node) => [node.id, at] as const)));
  let side = width;
  let left = 0;
  const lines: Line[] = [];
  graph.edges.forEach((edge, number) => {
    const from = boxes.get(edge.from);
    const to = boxes.get(edge.to);
    if (!from || !to) return;
    if (back.has(number)) {
      side += 24;
      lines.push(around(edge, from, to, side));
    } else if ((layerOf.get(edge.to) ?? 0) > (layerOf.get(edge.from) ?? 0) + 1) {
      left -= 24;
      lines.push(past(edge, from, to, left));
    } else {
      lines.push(down(edge, from, to));
    }
  });
  const labels = lines.map((line) => line.label.x + (line.edge.label ?? "").length * CHARACTER * 0.5);
  return {
    boxes: [...boxes.values()],
    lines,
    left,
    width: Math.max(side, ...labels) + MARGIN - left,
    height: y - GAP_Y + MARGIN,
  };
}

/** The numbers of the edges that close a circle, seen from the first node. */
function backEdges(graph: Graph): Set<number> {
  const leaving = new Map<string, { to: string; number: number }[]>();
  graph.edges.forEach(({ from, to }, number) => {
    leaving.set(from, [...(leaving.get(from) ?? []), { to, number }]);
  });
  const back = new Set<number>();
  const state = new Map<string, "open" | "done">();
  for (const { id: root } of graph.nodes) {
    if (state.has(root)) continue;
    // By hand, as a long function may be deeper than the stack.
    const path = [{ id: root, next: 0 }];
    state.set(root, "open");
    for (let top = path.at(-1); top; top = path.at(-1)) {
      const edge = leaving.get(top.id)?.[top.next++];
      if (!edge) {
        state.set(top.id, "done");
        path.pop();
      } else if (state.get(edge.to) === "open") {
        back.add(edge.number);
      } else if (!state.has(edge.to)) {
        state.set(edge.to, "open");
        path.push({ id: edge.to, next: 0 });
      }
    }
  }
  return back;
}

/** Each node one below the lowest that leads to it; within a layer ordered by where its nodes come from. */
function layersOf(graph: Graph, back: Set<number>): Node[][] {
  const forward = graph.edges.filter((_, number) => !back.has(number));
  const depth = new Map(graph.nodes.map((node) => [node.id, 0]));
  // Without circles this ends after as many rounds as there are layers.
  for (let moved = true; moved; ) {
    moved = false;
    for (const { from, to } of forward) {
      const below = (depth.get(from) ?? 0) + 1;
      if (below > (depth.get(to) ?? 0)) {
        depth.set(to, below);
        moved = true;
      }
    }
  }
  const layers: Node[][] = [];
  for (const node of graph.nodes) {
    const at = depth.get(node.id) ?? 0;
    (layers[at] ??= []).push(node);
  }
  const place = new Map<string, number>();
  for (const layer of layers) {
    const wish = new Map(layer.map((node, at) => [node.id, wishOf(node.id, forward, place) ?? at]));
    layer.sort((a, b) => (wish.get(a.id) ?? 0) - (wish.get(b.id) ?? 0));
    layer.forEach((node, at) => place.set(node.id, at));
  }
  return layers;
}

/** The mean place of what leads to a node. */
function wishOf(id: string, edges: Edge[], place: Map<string, number>): number | undefined {
  const above = edges.filter((edge) => edge.to === id).map((edge) => place.get(edge.from) ?? 0);
  return above.length === 0 ? undefined : above.reduce((sum, at) => sum + at, 0) / above.length;
}

function linesOf(node: Node): string[] {
  return [node.label, ...(node.detail ? node.detail.split("\n") : [])].map(shortened);
}

function shortened(text: string): string {
  return text.length > LABEL_CHARACTERS_MAX ? `${text.slice(0, LABEL_CHARACTERS_MAX - 1)}…` : text;
}

function widthOf(lines: string[]): number {
  return Math.max(8, ...lines.map((line) => line.length)) * CHARACTER + 2 * PADDING;
}

function centre(layer: Node[], boxes: Map<string, Box>, width: number): void {
  const placed = layer.flatMap((node) => boxes.get(node.id) ?? []);
  const last = placed.at(-1);
  if (!last) return;
  const shift = (width - MARGIN - (last.x + last.width)) / 2;
  for (const box of placed) box.x += shift;
}

function down(edge: Edge, from: Box, to: Box): Line {
  const [x1, y1] = [from.x + from.width / 2, from.y + from.height];
  const [x2, y2] = [to.x + to.width / 2, to.y];
  const middle = (y1 + y2) / 2;
  return {
    edge,
    path: `M${x1} ${y1} C${x1} ${middle} ${x2} ${middle} ${x2} ${y2}`,
    label: { x: (x1 + x2) / 2, y: middle },
    back: false,
  };
}

/** Around the right side, back up. */
function around(edge: Edge, from: Box, to: Box, side: number): Line {
  // One that leads to itself leaves below the middle and comes back above it.
  const apart = from === to ? 12 : 0;
  const [x1, y1] = [from.x + from.width, from.y + from.height / 2 + apart];
  const [x2, y2] = [to.x + to.width, to.y + to.height / 2 - apart];
  return {
    edge,
    path: `M${x1} ${y1} C${side} ${y1} ${side} ${y2} ${x2} ${y2}`,
    label: { x: side - 12, y: (y1 + y2) / 2 },
    back: true,
  };
}

/** Around the left side, past what stands between, and in from the gap above. */
function past(edge: Edge, from: Box, to: Box, side: number): Line {
  const [x1, y1] = [from.x, from.y + from.height / 2];
  const [x2, y2] = [to.x + to.width / 4, to.y];
  const gap = y2 - GAP_Y / 3;
  const middle = (y1 + gap) / 2;
  return {
    edge,
    path: `M${x1} ${y1} Q${side} ${y1} ${side} ${middle} Q${side} ${gap} ${(side + x2) / 2} ${gap} Q${x2} ${gap} ${x2} ${y2}`,
    label: { x: side + 24, y: middle },
    back: false,
  };
}
