/** `weir explain`: where a function is cut, what it reads and writes, beside its source. */

import * as vscode from "vscode";
import { run } from "./command";
import { folderOf, programOf } from "./program";
import { weirPath } from "./settings";

/** `name` is the function as the compiler calls it, `Booking.run`. */
export async function explain(uri: vscode.Uri, name: string): Promise<void> {
  const program = programOf(uri.fsPath);
  const lines: string[] = [];
  const command = { command: weirPath(), args: ["explain", "--", name, program] };
  const ended = await run(command, folderOf(program), (line) => lines.push(line)).ended;
  const said = lines.length > 0 ? lines.join("\n") : (ended.failure ?? ended.remarks);
  const document = await vscode.workspace.openTextDocument({ content: said, language: "plaintext" });
  await vscode.window.showTextDocument(document, { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true });
}

/** The same for the function around the cursor, found in the outline the server gives. */
export async function explainHere(): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  if (editor?.document.languageId !== "weir") return;
  const uri = editor.document.uri;
  const outline = await vscode.commands.executeCommand<vscode.DocumentSymbol[] | undefined>(
    "vscode.executeDocumentSymbolProvider",
    uri,
  );
  const names = pathTo(outline ?? [], editor.selection.active);
  if (names.length === 0) {
    void vscode.window.showInformationMessage("Weir: put the cursor into a function first.");
    return;
  }
  await explain(uri, names.join("."));
}

function pathTo(outline: vscode.DocumentSymbol[], at: vscode.Position): string[] {
  const around = outline.find((symbol) => symbol.range.contains(at));
  return around ? [around.name, ...pathTo(around.children, at)] : [];
}
