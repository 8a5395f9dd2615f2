/** The test explorer with a stand-in for the editor and the real `weir test`. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { client, COUNTER, folder, putVscode, WEIR } from "./weir.mjs";

class Items {
  #items = new Map();
  get size() {
    return this.#items.size;
  }
  add(item) {
    this.#items.set(item.id, item);
  }
  get(id) {
    return this.#items.get(id);
  }
  delete(id) {
    this.#items.delete(id);
  }
  replace(items) {
    this.#items = new Map(items.map((item) => [item.id, item]));
  }
  [Symbol.iterator]() {
    return this.#items[Symbol.iterator]();
  }
}

/** As much of the editor's interface as the explorer uses. */
function editor(settings) {
  const event = () => ({ dispose() {} });
  const record = { events: [], profiles: new Map(), controller: undefined };
  const note =
    (kind) =>
    (item, ...rest) =>
      record.events.push({ kind, name: item?.label, rest });
  const run = Object.fromEntries(["started", "passed", "failed", "errored", "skipped"].map((kind) => [kind, note(kind)]));
  record.controller = {
    items: new Items(),
    createTestItem: (id, label, uri) => ({ id, label, uri, children: new Items() }),
    createRunProfile: (name, _kind, handler) => {
      record.profiles.set(name, handler);
      return { dispose() {} };
    },
    createTestRun: () => ({ ...run, appendOutput() {}, end: () => record.events.push({ kind: "end" }) }),
    dispose() {},
  };
  record.vscode = {
    tests: { createTestController: () => record.controller },
    workspace: {
      textDocuments: [],
      createFileSystemWatcher: () => ({ onDidCreate: event, onDidChange: event, onDidDelete: event, dispose() {} }),
      onDidOpenTextDocument: event,
      onDidChangeTextDocument: event,
      findFiles: async () => [],
      asRelativePath: (uri) => uri.fsPath,
      getConfiguration: () => ({ get: (name, otherwise) => settings[name] ?? otherwise }),
    },
    TestRunProfileKind: { Run: 1 },
    TestMessage: class {
      constructor(message) {
        this.message = message;
      }
    },
    Uri: { file: (path) => ({ fsPath: path, toString: () => `file://${path}` }) },
    Range: class {
      constructor(...places) {
        this.places = places;
      }
    },
    Position: class {
      constructor(line, character) {
        Object.assign(this, { line, character });
      }
    },
    Location: class {
      constructor(uri, range) {
        Object.assign(this, { uri, range });
      }
    },
  };
  return record;
}

const NEVER = { isCancellationRequested: false, onCancellationRequested: () => ({ dispose() {} }) };
const made = editor({ "server.path": WEIR });
putVscode(made.vscode);
const { Tests } = client("testing");
const { findTests } = client("findTests");
const { stoppedAt } = client("runTests");
const { programOf } = client("program");

/** An explorer that knows one file. */
function explorer(t, text) {
  const path = join(folder(t, { "count.weir": text }), "count.weir");
  const uri = made.vscode.Uri.file(path);
  made.events.length = 0;
  made.controller.items.replace([]);
  made.vscode.workspace.textDocuments = [{ uri: { ...uri, scheme: "file" }, languageId: "weir", getText: () => text }];
  const tests = new Tests();
  t.after(() => tests.dispose());
  return made.controller.items.get(uri.toString());
}

test("tests are found with their names and places", () => {
  assert.deepEqual(findTests(COUNTER), [
    { name: "counts", line: 8, start: 0, end: 13 },
    { name: 'counts "wrong"', line: 13, start: 0, end: 23 },
  ]);
  assert.deepEqual(findTests('// test "no"\nlet s = "x"\r\n  test   "a\\u{62}\\n" (n: Int) {'), [
    { name: "ab\n", line: 2, start: 2, end: 20 },
  ]);
});

test("each test of a file gets its result, at its place", { timeout: 120_000 }, async (t) => {
  const file = explorer(t, COUNTER);
  assert.deepEqual([...file.children].map(([, item]) => item.label), ["counts", 'counts "wrong"']);
  await made.profiles.get("Run")({ include: undefined, exclude: [] }, NEVER);
  const kinds = made.events.map(({ kind, name }) => `${kind} ${name ?? ""}`.trim());
  assert.deepEqual(kinds, ["started counts", 'started counts "wrong"', "passed counts", 'failed counts "wrong"', "end"]);
  const failed = made.events.find(({ kind }) => kind === "failed").rest[0];
  assert.match(failed.message, /again: weir test/);
  assert.equal(failed.location.uri.fsPath, file.uri.fsPath);
  assert.deepEqual({ ...failed.location.range }, { line: 15, character: 2 });
});

test("one test alone is run alone", { timeout: 120_000 }, async (t) => {
  const file = explorer(t, COUNTER);
  const [, first] = [...file.children][0];
  await made.profiles.get("Run Once")({ include: [first] }, NEVER);
  assert.deepEqual(made.events.map(({ kind }) => kind), ["started", "passed", "end"]);
});

test("what does not compile is an error of each test", { timeout: 120_000 }, async (t) => {
  explorer(t, `${COUNTER}\nlet x: Int = "no"\n`);
  await made.profiles.get("Run")({ include: undefined }, NEVER);
  const errored = made.events.filter(({ kind }) => kind === "errored");
  assert.equal(errored.length, 2);
  assert.match(errored[0].rest[0].message, /error\[E\d+\]/);
});

test("a compiler that is not there is told", { timeout: 120_000 }, async (t) => {
  const file = explorer(t, COUNTER);
  const settings = made.vscode.workspace.getConfiguration;
  made.vscode.workspace.getConfiguration = () => ({ get: (name, otherwise) => (name === "server.path" ? "/no/weir" : otherwise) });
  t.after(() => (made.vscode.workspace.getConfiguration = settings));
  await made.profiles.get("Run")({ include: [file] }, NEVER);
  const errored = made.events.filter(({ kind }) => kind === "errored");
  assert.match(errored[0].rest[0].message, /ENOENT/);
});

test("a message begins with the place, or is whole", () => {
  assert.deepEqual(stoppedAt("with a crash behind record 3: x\na/b.weir:12:5: it broke\n  line"), {
    place: { file: "a/b.weir", line: 12, column: 5 },
    text: "with a crash behind record 3: x\nit broke\n  line",
  });
  assert.deepEqual(stoppedAt("it broke"), { text: "it broke" });
});

test("a file belongs to the project around it", (t) => {
  const root = folder(t, { "weir.toml": "", "a.weir": "" });
  assert.equal(programOf(join(root, "deep", "er", "a.weir")), root);
  const alone = join(folder(t, { "a.weir": "" }), "a.weir");
  assert.equal(programOf(alone), alone);
});
