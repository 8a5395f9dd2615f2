/** What a person does in the editor; each step that does not come about ends it with an error. Pictures lie beside it. */

import assert from "node:assert/strict";
import { chromium } from "playwright-core";

const PATIENCE = { timeout: 180_000 };
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-dev-shm-usage"] });
const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });

async function open() {
  // The server may still be starting.
  for (let tries = 0; ; tries += 1) {
    try {
      return await page.goto(process.argv[2], PATIENCE);
    } catch (error) {
      if (tries === 60) throw error;
      await page.waitForTimeout(1000);
    }
  }
}

async function command(title) {
  await page.keyboard.press("F1");
  await page.locator(".quick-input-widget input").first().waitFor(PATIENCE);
  await page.keyboard.type(title, { delay: 20 });
  await page.locator(".quick-input-list .monaco-list-row", { hasText: title.split(": ")[1] }).first().waitFor(PATIENCE);
  await page.keyboard.press("Enter");
}

try {
  await open();
  await page.waitForSelector(".monaco-workbench", PATIENCE);
  const file = page.locator(".explorer-folders-view .monaco-list-row", { hasText: "main.weir" }).first();
  await file.waitFor(PATIENCE);
  await file.dblclick();
  await page.waitForSelector(".squiggly-error", PATIENCE);
  console.log("ok: the diagnostic of the server is shown");

  await page.locator(".view-line", { hasText: "fn total" }).click();
  await command("Weir: Show the Steps of This Function");
  const said = page.locator(".notification-list-item-message, .editor-instance .webview, iframe.webview");
  await said.first().waitFor(PATIENCE);
  console.log("ok: the step graph is shown, or it is told why not");

  await command("Testing: Focus on Test Explorer View");
  const row = page.locator(".test-explorer .monaco-list-row", { hasText: "count" }).first();
  await row.waitFor(PATIENCE);
  await command("Test: Run All Tests");
  await page.locator(".test-explorer .monaco-list-row[aria-label*='Failed']").first().waitFor(PATIENCE);
  const results = await page.locator(".test-output-peek-tree .monaco-list-row").allInnerTexts();
  assert.ok(results.some((text) => text.includes("counts wrong")), results.join("; "));
  console.log("ok: tests have their results");
} finally {
  await page.screenshot({ path: "last.png" });
  await browser.close();
}
