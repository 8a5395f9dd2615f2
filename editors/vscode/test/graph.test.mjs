/** Step graphs: their layout, their page, and the panel with a stand-in for editor and server. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { client, putVscode } from "./weir.mjs";

const shown = { messages: [], panels: [] };
const tell = (text) => void shown.messages.push(text);
const vscode = {
  ViewColumn: { Beside: -2 },
  window: {
    activeTextEditor: undefined,
    showInformationMessage: tell,
    showWarningMessage: tell,
    createWebviewPanel: (_type, _title, _column, options) => {
      const panel = { options, webview: { html: "" }, reveal() {}, onDidDispose() {} };
      shown.panels.push(panel);
      return panel;
    },
  },
};
putVscode(vscode);
const { draw, readGraph } = client("graph");
const { page } = client("page");
const { showStepGraph } = client("stepGraph");

const GRAPH = {
  function: "Booking.run",
  text: "waits twice",
  nodes: [
    { label: "start", role: "start", waitsFor: "", keeps: "" },
    { label: "wait <confirmed>", role: "resume", waitsFor: "events", keeps: "room: Int, card: Text" },
    { label: "after 2d" },
    { label: "end" },
  ],
  edges: [
    { from: 0, to: 1, how: "next" },
    { from: 1, to: 2, how: "next" },
    { from: 1, to: 3, how: "undone by" },
    { from: 2, to: 1, how: "again" },
    { from: 2, to: 3 },
    { from: 3, to: 9 },
  ],
};

test("a node stands below what leads to it, and a loop at the side", () => {
  const graph = readGraph(GRAPH);
  assert.equal(graph.edges.length, 5, "an edge to nowhere is left out");
  const drawing = draw(graph);
  const box = Object.fromEntries(drawing.boxes.map((box) => [box.node.id, box]));
  assert.ok(box[0].y < box[1].y && box[1].y < box[2].y && box[2].y < box[3].y);
  assert.deepEqual(drawing.lines.filter((line) => line.back).map((line) => line.edge.label), ["again"]);
  const passing = drawing.lines.find((line) => line.edge.label === "undone by");
  assert.ok(drawing.left < 0 && passing.path.includes(`Q${drawing.left} `), "it goes past the layer between");
  for (const one of drawing.boxes) {
    assert.ok(one.x >= 0 && one.x + one.width <= drawing.width && one.y + one.height <= drawing.height);
    for (const other of drawing.boxes) {
      const apart = one.x + one.width <= other.x || other.x + other.width <= one.x || one.y + one.height <= other.y || other.y + other.height <= one.y;
      assert.ok(one === other || apart, `${one.node.id} lies on ${other.node.id}`);
    }
  }
});

test("a long function and a node that leads to itself are drawn", () => {
  const nodes = Array.from({ length: 3000 }, (_, at) => ({ label: `step ${at}` }));
  const edges = nodes.slice(1).map((_, at) => ({ from: at, to: at + 1 }));
  edges.push({ from: 7, to: 7 });
  const drawing = draw(readGraph({ function: "long", text: "", nodes, edges }));
  assert.equal(drawing.boxes.length, 3000);
  assert.equal(drawing.lines.filter((line) => line.back).length, 1);
});

test("nothing of a program is read as markup", () => {
  const html = page(readGraph({ ...GRAPH, function: "<script>alert(1)</script>" }));
  assert.ok(!html.includes("<script"));
  assert.ok(html.includes("wait &lt;confirmed&gt;"));
  assert.match(html, /default-src 'none'/);
});

test("what is no graph is refused", () => {
  for (const value of [null, undefined, 3, "x", {}, { nodes: 1, edges: [] }]) assert.equal(readGraph(value), undefined);
});

test("the panel asks the server and shows what it says", async () => {
  const asked = [];
  const server = (commands, answer) => ({
    initializeResult: { capabilities: { executeCommandProvider: commands && { commands } } },
    sendRequest: async (method, params) => {
      asked.push({ method, params });
      return answer();
    },
  });
  await showStepGraph(server(["weir.stepGraph"], () => GRAPH));
  assert.match(shown.messages.pop(), /cursor/);
  vscode.window.activeTextEditor = {
    document: { languageId: "weir", uri: { toString: () => "file:///a.weir" } },
    selection: { active: { line: 3, character: 4 } },
  };
  await showStepGraph(undefined);
  assert.match(shown.messages.pop(), /does not run/);
  await showStepGraph(server(undefined, () => GRAPH));
  assert.match(shown.messages.pop(), /weir explain/);
  assert.equal(asked.length, 0, "a server that cannot is not asked");
  await showStepGraph(server(["weir.stepGraph"], () => null));
  assert.match(shown.messages.pop(), /no function/);
  await showStepGraph(server(["weir.stepGraph"], () => Promise.reject(new Error("not now"))));
  assert.match(shown.messages.pop(), /not now/);
  assert.equal(shown.panels.length, 0);

  await showStepGraph(server(["weir.stepGraph"], () => GRAPH));
  assert.deepEqual(asked.at(-1), {
    method: "workspace/executeCommand",
    params: { command: "weir.stepGraph", arguments: [{ textDocument: { uri: "file:///a.weir" }, position: { line: 3, character: 4 } }] },
  });
  assert.equal(shown.panels.length, 1);
  assert.match(shown.panels[0].webview.html, /Booking\.run/);
  assert.equal(shown.panels[0].options.enableScripts, false);
});
