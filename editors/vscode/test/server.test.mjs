/** The real server, started as the client starts it, over the protocol library that the client uses. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { client, folder, require, WEIR } from "./weir.mjs";

const { createProtocolConnection, StreamMessageReader, StreamMessageWriter } = require("vscode-languageserver-protocol/node");
const { serverCommand } = client("command");
const { readGraph, draw } = client("graph");

const TEXT = `/// Twice as much.
fn twice(n: Int) -> Int = n * 2

pub fn total(n: Int) -> Int {
      let sum = twice(n)
  sum + nn
}
`;

test("diagnostics, hover, rename, formatting and steps", { timeout: 60_000 }, async (t) => {
  const root = folder(t, { "main.weir": TEXT });
  const uri = pathToFileURL(join(root, "main.weir")).href;
  const { command, args } = serverCommand(WEIR);
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
  t.after(() => child.kill());
  const server = createProtocolConnection(new StreamMessageReader(child.stdout), new StreamMessageWriter(child.stdin));
  t.after(() => server.dispose());
  const told = [];
  let heard = () => {};
  server.onNotification("textDocument/publishDiagnostics", (found) => {
    if (found.uri === uri) told.push(found);
    heard();
  });
  server.listen();
  const diagnosticsOf = async (version) => {
    for (;;) {
      const found = told.find((found) => found.version === version);
      if (found) return found.diagnostics;
      await new Promise((again) => (heard = again));
    }
  };

  const { capabilities } = await server.sendRequest("initialize", {
    processId: process.pid,
    capabilities: {},
    workspaceFolders: [{ uri: pathToFileURL(root).href, name: "main" }],
  });
  await server.sendNotification("initialized", {});
  const document = { uri, languageId: "weir", version: 1, text: TEXT };
  await server.sendNotification("textDocument/didOpen", { textDocument: document });
  const wrong = await diagnosticsOf(1);
  assert.equal(wrong.length, 1);
  assert.match(wrong[0].message, /`nn`/);
  assert.equal(wrong[0].range.start.line, 5);

  const changes = [{ range: { start: { line: 5, character: 8 }, end: { line: 5, character: 10 } }, text: "n" }];
  await server.sendNotification("textDocument/didChange", { textDocument: { uri, version: 2 }, contentChanges: changes });
  assert.deepEqual(await diagnosticsOf(2), []);

  const at = { textDocument: { uri }, position: { line: 4, character: 18 } };
  const hover = await server.sendRequest("textDocument/hover", at);
  assert.match(hover.contents.value, /Twice as much/);
  const edit = await server.sendRequest("textDocument/rename", { ...at, newName: "doubled" });
  assert.match(JSON.stringify(edit), /doubled/);
  const options = { tabSize: 2, insertSpaces: true };
  const edits = await server.sendRequest("textDocument/formatting", { textDocument: { uri }, options });
  assert.ok(edits.length > 0);

  assert.ok(capabilities.executeCommandProvider.commands.includes("weir.stepGraph"));
  const answer = await server.sendRequest("workspace/executeCommand", { command: "weir.stepGraph", arguments: [at] });
  const graph = readGraph(answer);
  assert.ok(graph && graph.nodes.length > 0, JSON.stringify(answer));
  assert.equal(draw(graph).boxes.length, graph.nodes.length);
  await server.sendRequest("shutdown");
  await server.sendNotification("exit");
});

test("the manifest names files that are there, and commands that are registered", () => {
  const here = new URL("../", import.meta.url);
  const read = (name) => readFileSync(new URL(name, here), "utf8");
  const manifest = JSON.parse(read("package.json"));
  const { grammars, snippets, languages, commands, walkthroughs } = manifest.contributes;
  const files = [
    ...[...grammars, ...snippets].map(({ path }) => path),
    ...languages.map(({ configuration }) => configuration),
    ...walkthroughs.flatMap(({ steps }) => steps.map(({ media }) => media.markdown)),
    manifest.icon,
    manifest.main,
  ];
  for (const file of files) assert.ok(read(file).length > 0, file);
  for (const { path } of snippets) JSON.parse(read(path));
  const source = read("src/extension.ts");
  for (const { command } of commands) assert.ok(source.includes(`"${command}"`), `${command} is not registered`);
});

test("the problem matcher reads what `weir check` writes", { timeout: 60_000 }, async (t) => {
  const root = folder(t, { "main.weir": TEXT });
  const { run } = client("command");
  const ended = await run({ command: WEIR, args: ["check", "main.weir"] }, root, () => {}).ended;
  assert.equal(ended.code, 1);
  const manifest = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  const [head, place] = manifest.contributes.problemMatchers[0].pattern.map(({ regexp }) => new RegExp(regexp));
  const lines = ended.remarks.split("\n");
  const at = lines.findIndex((line) => head.test(line));
  assert.ok(at >= 0, ended.remarks);
  assert.deepEqual(head.exec(lines[at]).slice(1, 2), ["error"]);
  assert.deepEqual(place.exec(lines[at + 1]).slice(1, 4), ["main.weir", "6", "9"]);
});
