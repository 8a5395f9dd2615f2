/** Weir in VS Code: starts what there is and wires it to commands. */

import * as vscode from "vscode";
import { explain, explainHere } from "./explain";
import { Server } from "./server";
import { showStepGraph } from "./stepGraph";
import { runProgram, Tasks } from "./tasks";
import { Tests } from "./testing";

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  // Everything below starts the program that a setting names.
  if (!vscode.workspace.isTrusted) {
    context.subscriptions.push(vscode.workspace.onDidGrantWorkspaceTrust(() => void start(context)));
    return;
  }
  await start(context);
}

async function start(context: vscode.ExtensionContext): Promise<void> {
  const server = new Server();
  const tests = new Tests();
  const on = (name: string, does: (...given: never[]) => unknown): vscode.Disposable =>
    vscode.commands.registerCommand(name, does);
  const uriOf = (given: string | vscode.Uri): vscode.Uri => (typeof given === "string" ? vscode.Uri.parse(given) : given);
  context.subscriptions.push(
    server,
    tests,
    on("weir.restartServer", () => server.restart()),
    on("weir.showOutput", () => server.output.show()),
    on("weir.showStepGraph", () => showStepGraph(server.running)),
    on("weir.runProgram", runProgram),
    on("weir.explainHere", explainHere),
    // What the lenses of the server ask for.
    on("weir.runTest", (uri: string, name: string) => tests.runIn(uriOf(uri), name)),
    on("weir.runTests", (uri: string) => tests.runIn(uriOf(uri))),
    on("weir.explain", (uri: string, name: string) => explain(uriOf(uri), name)),
    vscode.tasks.registerTaskProvider("weir", new Tasks()),
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration("weir.server")) void server.restart();
    }),
  );
  await server.start();
}
