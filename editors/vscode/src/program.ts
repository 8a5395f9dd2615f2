/** Which program a file belongs to. Knows nothing of the editor. */

import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

/** The nearest folder above with a `weir.toml`, or the file itself: what `weir test` and `weir run` take. */
export function programOf(file: string): string {
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    if (existsSync(join(folder, "weir.toml"))) return folder;
    if (folder === dirname(folder)) return file;
  }
}

/** The folder that places in messages about a program are below. */
export function folderOf(program: string): string {
  return program.endsWith(".weir") ? dirname(program) : program;
}
