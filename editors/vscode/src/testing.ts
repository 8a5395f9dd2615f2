/** The test explorer: the tests of all files, found as they are written, run by `weir test`. */

import { join, relative, sep } from "node:path";
import * as vscode from "vscode";
import { findTests } from "./findTests";
import { folderOf, programOf } from "./program";
import { runTests, stoppedAt, type Result } from "./runTests";
import { weirPath } from "./settings";

export class Tests implements vscode.Disposable {
  private readonly controller = vscode.tests.createTestController("weir", "Weir");
  private readonly parts: vscode.Disposable[] = [this.controller];

  constructor() {
    const profile = (name: string, quick: boolean): void => {
      const run = (request: vscode.TestRunRequest, cancel: vscode.CancellationToken): Promise<void> =>
        this.run(request, cancel, quick);
      this.parts.push(this.controller.createRunProfile(name, vscode.TestRunProfileKind.Run, run, !quick));
    };
    profile("Run", false);
    profile("Run Once", true);
    this.controller.refreshHandler = () => this.findAll();
    const watcher = vscode.workspace.createFileSystemWatcher("**/*.weir");
    this.parts.push(
      watcher,
      watcher.onDidCreate((uri) => this.read(uri)),
      watcher.onDidChange((uri) => this.read(uri)),
      watcher.onDidDelete((uri) => this.controller.items.delete(uri.toString())),
      vscode.workspace.onDidOpenTextDocument((document) => this.note(document)),
      vscode.workspace.onDidChangeTextDocument((change) => this.note(change.document)),
    );
    vscode.workspace.textDocuments.forEach((document) => this.note(document));
    void this.findAll();
  }

  /** Runs the tests of a file, or the one of that name: what a lens above a test asks for. */
  async runIn(uri: vscode.Uri, name?: string): Promise<void> {
    await this.read(uri);
    const file = this.controller.items.get(uri.toString());
    if (!file) return;
    const wanted = name === undefined ? [file] : itemsOf(file).filter((item) => item.label === name);
    const cancel = new vscode.CancellationTokenSource();
    await this.run(new vscode.TestRunRequest(wanted), cancel.token, false);
    cancel.dispose();
  }

  dispose(): void {
    for (const part of this.parts) part.dispose();
  }

  private async findAll(): Promise<void> {
    const found = await vscode.workspace.findFiles("**/*.weir", "**/{node_modules,target,.weir}/**");
    await Promise.all(found.map((uri) => this.read(uri)));
  }

  private async read(uri: vscode.Uri): Promise<void> {
    const open = vscode.workspace.textDocuments.find((document) => document.uri.toString() === uri.toString());
    if (open) return this.note(open);
    try {
      this.set(uri, Buffer.from(await vscode.workspace.fs.readFile(uri)).toString("utf8"));
    } catch {
      // Gone in between.
      this.controller.items.delete(uri.toString());
    }
  }

  private note(document: vscode.TextDocument): void {
    if (document.languageId === "weir" && document.uri.scheme === "file") this.set(document.uri, document.getText());
  }

  private set(uri: vscode.Uri, text: string): void {
    const tests = findTests(text);
    if (tests.length === 0) {
      this.controller.items.delete(uri.toString());
      return;
    }
    let file = this.controller.items.get(uri.toString());
    if (!file) {
      file = this.controller.createTestItem(uri.toString(), vscode.workspace.asRelativePath(uri), uri);
      this.controller.items.add(file);
    }
    const items = tests.map((test) => {
      const item = this.controller.createTestItem(`${uri.toString()}#${test.name}`, test.name, uri);
      item.range = new vscode.Range(test.line, test.start, test.line, test.end);
      return item;
    });
    file.children.replace(items);
  }

  private async run(request: vscode.TestRunRequest, cancel: vscode.CancellationToken, quick: boolean): Promise<void> {
    await Promise.all(vscode.workspace.textDocuments.filter(isOursAndChanged).map((document) => document.save()));
    const run = this.controller.createTestRun(request);
    const left = new Set(request.exclude ?? []);
    const chosen = request.include ?? [...this.controller.items].map(([, item]) => item);
    const tests = new Set(chosen.flatMap((item) => itemsOf(item)).filter((item) => !left.has(item)));
    const programs = new Map<string, vscode.TestItem[]>();
    for (const test of tests) {
      const program = programOf(test.uri?.fsPath ?? "");
      programs.set(program, [...(programs.get(program) ?? []), test]);
    }
    for (const [program, wanted] of programs) {
      if (cancel.isCancellationRequested) break;
      await this.runProgram(run, program, wanted, cancel, quick);
    }
    run.end();
  }

  /** One start of the compiler for all tests of a program, or one for each when only some are wanted. */
  private async runProgram(
    run: vscode.TestRun,
    program: string,
    wanted: vscode.TestItem[],
    cancel: vscode.CancellationToken,
    quick: boolean,
  ): Promise<void> {
    const all = [...this.controller.items]
      .flatMap(([, file]) => itemsOf(file))
      .filter((item) => programOf(item.uri?.fsPath ?? "") === program);
    const names = wanted.length === all.length ? [undefined] : [...new Set(wanted.map((item) => item.label))];
    const open = new Set(wanted);
    for (const item of wanted) run.started(item);
    for (const name of names) {
      if (cancel.isCancellationRequested) break;
      const cases = vscode.workspace.getConfiguration("weir").get("test.cases", 100);
      const running = runTests(weirPath(), { program, name, quick, cases }, (result) => {
        const item = [...open].find((item) => isOf(result, item, program));
        if (!item) return;
        open.delete(item);
        report(run, item, result, program);
      });
      const stopping = cancel.onCancellationRequested(() => running.stop());
      const ended = await running.ended;
      stopping.dispose();
      if (ended.remarks !== "") run.appendOutput(ended.remarks.replace(/\r?\n/g, "\r\n"));
      // What was not run: the program does not compile, or there is no compiler.
      for (const item of open) {
        if (cancel.isCancellationRequested || (name !== undefined && item.label !== name)) continue;
        open.delete(item);
        run.errored(item, new vscode.TestMessage(ended.failure ?? (ended.remarks || "it was not run")));
      }
    }
    for (const item of open) run.skipped(item);
  }
}

/** The tests at or below an item. */
function itemsOf(item: vscode.TestItem): vscode.TestItem[] {
  return item.children.size === 0 ? [item] : [...item.children].map(([, child]) => child);
}

function isOursAndChanged(document: vscode.TextDocument): boolean {
  return document.languageId === "weir" && document.isDirty && document.uri.scheme === "file";
}

function isOf(result: Result, item: vscode.TestItem, program: string): boolean {
  const file = relative(folderOf(program), item.uri?.fsPath ?? "").split(sep).join("/");
  return result.name === item.label && (result.file === null || result.file === file);
}

function report(run: vscode.TestRun, item: vscode.TestItem, result: Result, program: string): void {
  const did = [
    result.crashes > 0 ? `killed and recovered ${result.crashes} times` : "",
    result.twice > 0 ? `delivered ${result.twice} messages twice` : "",
  ].filter((text) => text !== "");
  const mark = result.outcome === "passed" ? "ok  " : "FAIL";
  run.appendOutput(`${mark} ${result.name}${did.length > 0 ? ` (${did.join(", ")})` : ""}\r\n`, undefined, item);
  if (result.outcome === "passed") {
    run.passed(item, result.milliseconds);
    return;
  }
  const { place, text } = stoppedAt(result.message ?? "it failed");
  const again = result.again ? `\nagain: weir test ${program} "${result.name}" ${result.again}` : "";
  const message = new vscode.TestMessage(text + again);
  if (place) {
    const uri = vscode.Uri.file(join(folderOf(program), place.file));
    message.location = new vscode.Location(uri, new vscode.Position(place.line - 1, place.column - 1));
  } else if (item.uri && item.range) {
    message.location = new vscode.Location(item.uri, item.range);
  }
  run.failed(item, message, result.milliseconds);
}
