/** The language server: started, restarted and stopped. */

import * as vscode from "vscode";
import { LanguageClient, State, type LanguageClientOptions } from "vscode-languageclient/node";
import { serverCommand } from "./command";
import { weirPath } from "./settings";

export class Server implements vscode.Disposable {
  private client: LanguageClient | undefined;
  readonly output = vscode.window.createOutputChannel("Weir");

  /** The client while it runs. */
  get running(): LanguageClient | undefined {
    return this.client?.state === State.Running ? this.client : undefined;
  }

  async start(): Promise<void> {
    if (!vscode.workspace.getConfiguration("weir").get("server.enabled", true)) return;
    const options: LanguageClientOptions = {
      documentSelector: [
        { scheme: "file", language: "weir" },
        { scheme: "untitled", language: "weir" },
      ],
      synchronize: { fileEvents: vscode.workspace.createFileSystemWatcher("**/{*.weir,weir.toml}") },
      outputChannel: this.output,
    };
    const command = serverCommand(weirPath());
    const client = new LanguageClient("weir", "Weir", { run: command, debug: command }, options);
    this.client = client;
    try {
      await client.start();
    } catch (error) {
      this.output.appendLine(`the language server was not started: ${String(error)}`);
      const open = "Open the Setting";
      const chosen = await vscode.window.showErrorMessage(
        `Weir: \`${command.command} lsp\` cannot be started. Put \`weir\` on the path, or name its place in the settings.`,
        open,
      );
      if (chosen === open) {
        await vscode.commands.executeCommand("workbench.action.openSettings", "weir.server.path");
      }
    }
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  async stop(): Promise<void> {
    const client = this.client;
    this.client = undefined;
    // One that never started, or has died, has nothing to stop.
    if (client?.needsStop()) await client.stop().catch(() => undefined);
  }

  dispose(): void {
    void this.stop();
    this.output.dispose();
  }
}
