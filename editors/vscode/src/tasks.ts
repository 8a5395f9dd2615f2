/** Tasks that call the compiler, and programs in a terminal. */

import * as vscode from "vscode";
import { folderOf, programOf } from "./program";
import { weirPath } from "./settings";

const VERBS = ["check", "test", "build", "fmt"];

export class Tasks implements vscode.TaskProvider {
  provideTasks(): vscode.Task[] {
    const file = vscode.window.activeTextEditor?.document;
    if (file?.languageId !== "weir" || file.uri.scheme !== "file") return [];
    const path = programOf(file.uri.fsPath);
    return VERBS.map((verb) => task({ type: "weir", verb, path }));
  }

  resolveTask(given: vscode.Task): vscode.Task | undefined {
    const { verb } = given.definition as unknown as Definition;
    return VERBS.includes(verb) ? task(given.definition as unknown as Definition, given.scope) : undefined;
  }
}

interface Definition {
  type: string;
  verb: string;
  path?: string;
}

function task(definition: Definition, scope?: vscode.Task["scope"]): vscode.Task {
  const args = [definition.verb, ...(definition.path ? [definition.path] : [])];
  // `build` needs a place to put what it makes.
  if (definition.verb === "build") args.push("--out", "${workspaceFolder}/out");
  const execution = new vscode.ProcessExecution(weirPath(), args);
  const made = new vscode.Task(definition, scope ?? vscode.TaskScope.Workspace, definition.verb, "weir", execution, "$weir");
  made.group = definition.verb === "test" ? vscode.TaskGroup.Test : vscode.TaskGroup.Build;
  return made;
}

/** Serves the program of the open file on this machine, until its terminal is closed. */
export function runProgram(): void {
  const document = vscode.window.activeTextEditor?.document;
  if (document?.languageId !== "weir" || document.uri.scheme !== "file") {
    void vscode.window.showInformationMessage("Weir: open a file of the program first.");
    return;
  }
  const program = programOf(document.uri.fsPath);
  const terminal = vscode.window.createTerminal({
    name: "weir run",
    cwd: folderOf(program),
    shellPath: weirPath(),
    shellArgs: ["run", program],
  });
  terminal.show();
}
