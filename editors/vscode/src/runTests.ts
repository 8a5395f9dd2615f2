/** Runs `weir test` and reads what it says of each test. Knows nothing of the editor. */

import { run, type Command, type Running } from "./command";
import { folderOf } from "./program";

/** A line of `weir test --message-format json` about one test. */
export interface Result {
  name: string;
  /** Below the program's folder. */
  file: string | null;
  /** From 1. */
  line: number | null;
  outcome: "passed" | "failed";
  milliseconds: number;
  crashes: number;
  twice: number;
  message: string | null;
  again: string | null;
}

export interface Wanted {
  /** A file or a folder. */
  program: string;
  /** The test with just this name; all without it. */
  name?: string;
  /** Once, without crashes and with each message delivered once. */
  quick: boolean;
  /** Inputs for each test with parameters. */
  cases: number;
}

export function testCommand(weir: string, wanted: Wanted): Command {
  const args = ["test", "--message-format", "json", "--cases", String(wanted.cases)];
  if (wanted.quick) args.push("--quick");
  if (wanted.name !== undefined) args.push("--exact");
  args.push("--", wanted.program);
  if (wanted.name !== undefined) args.push(wanted.name);
  return { command: weir, args };
}

/** Runs tests; each result is handed on when it is known. What the compiler refuses to run is in the end's remarks. */
export function runTests(weir: string, wanted: Wanted, result: (result: Result) => void): Running {
  return run(testCommand(weir, wanted), folderOf(wanted.program), (line) => {
    const known = readResult(line);
    if (known) result(known);
  });
}

function readResult(line: string): Result | undefined {
  try {
    const said = JSON.parse(line) as { reason?: string } & Result;
    return said.reason === "test" ? said : undefined;
  } catch {
    // Not for programs.
    return undefined;
  }
}

export interface Place {
  /** Below the program's folder. */
  file: string;
  /** From 1, as people count. */
  line: number;
  column: number;
}

/** Where a test stopped: the first line of its message that begins with a place, and the message without it. */
export function stoppedAt(message: string): { place?: Place; text: string } {
  const lines = message.split("\n");
  for (const [at, line] of lines.entries()) {
    const match = /^(.+?\.weir):(\d+):(\d+): (.*)$/.exec(line);
    if (!match) continue;
    const [, file = "", row = "1", column = "1", rest = ""] = match;
    lines[at] = rest;
    return { place: { file, line: Number(row), column: Number(column) }, text: lines.join("\n") };
  }
  return { text: message };
}
