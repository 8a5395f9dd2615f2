/** How the compiler is started, and how its output is read. Knows nothing of the editor. */

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** A program and what it is given. */
export interface Command {
  command: string;
  args: string[];
}

/** The language server of the compiler at `path`. */
export function serverCommand(path: string): Command {
  return { command: path, args: ["lsp"] };
}

export interface Ended {
  /** `null` when it was killed, or could not be started. */
  code: number | null;
  /** What it wrote to standard error. */
  remarks: string;
  /** Why it could not be started. */
  failure?: string;
}

export interface Running {
  ended: Promise<Ended>;
  stop(): void;
}

/** Starts a program and hands each line of its standard output on as soon as it is whole. */
export function run(command: Command, folder: string, line: (text: string) => void): Running {
  const child = spawn(command.command, command.args, {
    cwd: folder,
    env: { ...process.env, NO_COLOR: "1" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let remarks = "";
  child.stderr.setEncoding("utf8");
  child.stderr.on("data", (text: string) => (remarks += text));
  const lines = createInterface({ input: child.stdout });
  lines.on("line", line);
  // The last line may come after the end of the process.
  const read = new Promise<void>((done) => lines.once("close", done));
  const ended = new Promise<Ended>((done) => {
    child.once("error", (error) => done({ code: null, remarks, failure: error.message }));
    child.once("close", (code) => void read.then(() => done({ code, remarks })));
  });
  return { ended, stop: () => void child.kill() };
}
