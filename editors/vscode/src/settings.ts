/** What the settings say. */

import * as vscode from "vscode";

/** The compiler that is started. */
export function weirPath(): string {
  return vscode.workspace.getConfiguration("weir").get<string>("server.path")?.trim() || "weir";
}
