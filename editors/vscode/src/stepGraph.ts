/** The panel that draws the steps of the function at the cursor, as the server's command `weir.stepGraph` tells them. */

import * as vscode from "vscode";
import { readGraph } from "./graph";
import { page } from "./page";

const COMMAND = "weir.stepGraph";

/** What of the language client is needed. */
export interface Asked {
  initializeResult?: { capabilities: { executeCommandProvider?: { commands: string[] } } };
  sendRequest(method: string, params: unknown): Promise<unknown>;
}

let panel: vscode.WebviewPanel | undefined;

export async function showStepGraph(client: Asked | undefined): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  if (!editor || editor.document.languageId !== "weir") {
    void vscode.window.showInformationMessage("Weir: put the cursor into a function first.");
    return;
  }
  if (!client) {
    void vscode.window.showWarningMessage("Weir: the language server does not run.");
    return;
  }
  const commands = client.initializeResult?.capabilities.executeCommandProvider?.commands ?? [];
  if (!commands.includes(COMMAND)) {
    void vscode.window.showInformationMessage(
      "Weir: this release of `weir` draws no steps. `weir explain FUNCTION FILE` tells where a function is cut.",
    );
    return;
  }
  const { line, character } = editor.selection.active;
  const argument = { textDocument: { uri: editor.document.uri.toString() }, position: { line, character } };
  let answer: unknown;
  try {
    answer = await client.sendRequest("workspace/executeCommand", { command: COMMAND, arguments: [argument] });
  } catch (error) {
    void vscode.window.showWarningMessage(`Weir: ${error instanceof Error ? error.message : String(error)}`);
    return;
  }
  const graph = readGraph(answer);
  if (!graph || graph.nodes.length === 0) {
    void vscode.window.showInformationMessage("Weir: there is no function at the cursor, or the program has errors.");
    return;
  }
  panel ??= newPanel();
  panel.title = graph.title;
  panel.webview.html = page(graph);
  panel.reveal(undefined, true);
}

function newPanel(): vscode.WebviewPanel {
  const made = vscode.window.createWebviewPanel(
    "weir.steps",
    "Steps",
    { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true },
    { enableScripts: false, localResourceRoots: [] },
  );
  made.onDidDispose(() => (panel = undefined));
  return made;
}
