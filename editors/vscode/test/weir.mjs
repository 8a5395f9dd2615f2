/** Where the compiler under test is, and folders for programs. */

import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "../../..");
export const require = createRequire(import.meta.url);

/** `WEIR`, or what cargo built. */
export const WEIR = process.env.WEIR ?? join(process.env.CARGO_TARGET_DIR ?? join(ROOT, "target"), "debug/weir");
if (!existsSync(WEIR)) {
  throw new Error(`there is no compiler at ${WEIR}: cargo build --bin weir, or name it in WEIR`);
}

/** A folder with these files, removed at the end of the test. */
export function folder(t, files) {
  const path = mkdtempSync(join(tmpdir(), "weir-vscode-"));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text);
  return path;
}

/** A module of the client as it was bundled for tests. */
export function client(name) {
  return require(`../dist/tested/${name}.js`);
}

/** What `require("vscode")` gives to modules of the client. */
export function putVscode(stub) {
  const Module = require("node:module");
  const load = Module._load;
  Module._load = (request, ...rest) => (request === "vscode" ? stub : load(request, ...rest));
}

export const COUNTER = `entity Counter(name: Text) {
  pub state count: Int = 0

  pub fn add(by: Int) {
    count += by
  }
}

test "counts" {
  Counter("a").add(2)
  expect Counter("a").count == 2
}

test "counts \\"wrong\\"" {
  Counter("a").add(2)
  expect Counter("a").count == 3
}
`;
