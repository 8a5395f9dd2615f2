/** The TextMate grammar, run by the engine of the editor: scopes of words in small programs. */

import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ROOT, require } from "./weir.mjs";

const { INITIAL, parseRawGrammar, Registry } = require("vscode-textmate");
const oniguruma = require("vscode-oniguruma");

const engine = oniguruma
  .loadWASM(readFileSync(require.resolve("vscode-oniguruma/release/onig.wasm")).buffer)
  .then(() => ({
    createOnigScanner: (patterns) => new oniguruma.OnigScanner(patterns),
    createOnigString: (text) => new oniguruma.OnigString(text),
  }));
const registry = new Registry({
  onigLib: engine,
  loadGrammar: async (scope) => {
    if (scope !== "source.weir") return null;
    const path = new URL("../syntaxes/weir.tmLanguage.json", import.meta.url);
    return parseRawGrammar(readFileSync(path, "utf8"), "weir.json");
  },
});

/** The pieces of a text with their innermost scope. */
async function scopes(text) {
  const grammar = await registry.loadGrammar("source.weir");
  const found = [];
  let stack = INITIAL;
  for (const line of text.split("\n")) {
    const { tokens, ruleStack } = grammar.tokenizeLine(line, stack);
    for (const { startIndex, endIndex, scopes } of tokens) {
      const piece = line.slice(startIndex, endIndex);
      if (piece.trim() !== "") found.push([piece.trim(), scopes.at(-1).replace(/\.weir$/, ""), scopes]);
    }
    stack = ruleStack;
  }
  return { found, stack };
}

async function expect(text, expected) {
  const { found } = await scopes(text);
  const last = new Map();
  for (const [piece, scope] of found) if (!last.has(piece)) last.set(piece, scope);
  for (const [piece, scope] of Object.entries(expected)) assert.equal(last.get(piece), scope, `${piece} in ${text}`);
}

test("declarations", async () => {
  await expect("@role pub fn deposit(amount: Decimal) -> Text fails Bad {", {
    "@role": "storage.type.annotation",
    pub: "storage.modifier",
    fn: "keyword.declaration.function",
    deposit: "entity.name.function",
    amount: "variable.parameter",
    Decimal: "support.type",
    fails: "keyword.control.exception",
    Bad: "entity.name.type",
  });
  await expect("pub state balance: Decimal = 0.00", { state: "keyword.declaration.variable", "0.00": "constant.numeric.decimal" });
  await expect('extern pay from "http:pay" {', { extern: "keyword.declaration", from: "keyword.control.import" });
});

test("soft keywords are names where nothing begins", async () => {
  await expect("let event = on.type", { let: "keyword.declaration", event: "variable.other", on: "variable.other", type: "variable.other" });
  await expect("f(match: 1)", { match: "variable.parameter" });
  await expect("match x {", { match: "keyword.control" });
  await expect("for x in y group by z: x select x limit 10", { "group by": "keyword.control", limit: "keyword.control" });
  await expect("group.sort(1)", { group: "variable.other", sort: "entity.name.function.call" });
});

test("literals", async () => {
  await expect('t"2026-01-31" + 1h30m + 19.99USD + 1.5f + 1_000', {
    't"2026-01-31"': "constant.other.time",
    "1h30m": "constant.numeric.duration",
    "19.99USD": "constant.numeric.money",
    "1.5f": "constant.numeric.float",
    "1_000": "constant.numeric.integer",
  });
});

test("holes of texts are code, also with texts in them", async () => {
  const { found, stack } = await scopes('let s = "a // {f("x {b}") + 1} \\{ c" // end');
  const of = (piece) => found.find(([text]) => text === piece)?.[2].join(" ");
  assert.match(of("a //"), /string\.quoted/);
  assert.match(of("f"), /meta\.embedded.*entity\.name\.function\.call/);
  assert.match(of("b"), /variable\.other/);
  assert.match(of("\\{"), /constant\.character\.escape/);
  assert.match(found.at(-1)[2].join(" "), /comment\.line/);
  assert.equal(stack.depth, 1);
});

test("every example ends outside of all texts, and all of it has a colour", async () => {
  let files = 0;
  for (const folder of ["examples", "stdlib"]) {
    for (const name of readdirSync(join(ROOT, folder), { recursive: true })) {
      // Beside a program that was run lies its data, in a folder `.weir`.
      if (!name.endsWith(".weir") || statSync(join(ROOT, folder, name)).isDirectory()) continue;
      files += 1;
      const { found, stack } = await scopes(readFileSync(join(ROOT, folder, name), "utf8"));
      assert.equal(stack.depth, 1, name);
      const plain = found.filter(([piece, scope]) => scope === "source" && /\w/.test(piece));
      assert.deepEqual(plain.map(([piece]) => piece), [], name);
    }
  }
  assert.ok(files > 20);
});
