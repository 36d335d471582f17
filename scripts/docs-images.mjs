#!/usr/bin/env node
// Makes the pictures of the README again, from a served run with tabs and from a demo: npm run docs:images. Plain JavaScript, like its neighbours.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { chromium } from "playwright-core";
import { chromiumFlags, ensureBrowser } from "./find-browser.mjs";

const pathOf = (name) => fileURLToPath(new URL(`../${name}`, import.meta.url));
const numTabs = 3;
/** A round in the middle of a run, when losses and layers can be seen. */
const shownRound = 7;
/** The pictures are 1280 × 1200 and 1100 × 1180; the scale lets a page of that many CSS pixels fit into them. */
const joinView = { viewport: { width: 1360, height: 1275 }, deviceScaleFactor: 1280 / 1360, colorScheme: "light" };
const reportView = { viewport: { width: 1375, height: 1475 }, deviceScaleFactor: 1100 / 1375, colorScheme: "light" };

/** Starts a command of tutti, and answers how it ends and the first address that it prints. */
const startTutti = (args) => {
  const child = spawn(process.execPath, [pathOf("apps/cli/bin/tutti.mjs"), ...args], { stdio: ["ignore", "pipe", "pipe"] });
  const ended = once(child, "exit").then(([code]) => code);
  const address = new Promise((resolve, reject) => {
    let printed = "";
    const read = (part) => {
      printed += part;
      process.stderr.write(part);
      const [, found] = /(http:\/\/(?:localhost|127\.0\.0\.1):\d+)/.exec(printed) ?? [];
      if (found !== undefined) resolve(found);
    };
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", read);
    ended.then((code) => reject(new Error(`tutti ${args.join(" ")} ended with exit code ${code} and printed no address`)));
  });
  return { child, ended, address };
};

/** The join page of a tab in the middle of a run. */
const joinPicture = async (browser, folder) => {
  const { child, ended, address } = startTutti(["serve", "--preset", "demo", "--port", "0", "--host", "127.0.0.1", "--out", folder]);
  try {
    const context = await browser.newContext(joinView);
    const pages = [];
    for (let tab = 0; tab < numTabs; tab++) {
      const page = await context.newPage();
      await page.goto(await address);
      await page.getByTestId("join").click();
      pages.push(page);
    }
    const [page] = pages;
    await page.bringToFront();
    const shown = new RegExp(`round ${shownRound} of`);
    await page.getByTestId("round").filter({ hasText: shown }).waitFor({ timeout: 600_000 });
    await page.locator("html[data-state=training]").waitFor({ timeout: 60_000 });
    await page.screenshot({ path: pathOf("docs/images/join.png") });
    await context.close();
  } finally {
    child.kill("SIGTERM");
    await ended;
  }
};

/** The report of the demo. */
const reportPicture = async (browser, folder) => {
  const { ended, address } = startTutti(["demo", "--out", folder]);
  const [code] = await Promise.all([ended, address]);
  if (code !== 0) throw new Error(`tutti demo ended with exit code ${code}`);
  const [run] = readdirSync(folder);
  const page = await browser.newPage(reportView);
  await page.goto(pathToFileURL(join(folder, run, "report.html")).href);
  await page.screenshot({ path: pathOf("docs/images/report.png") });
};

const scratch = mkdtempSync(join(tmpdir(), "tutti-images-"));
const browser = await chromium.launch({ executablePath: await ensureBrowser(), args: [...chromiumFlags] });
try {
  await joinPicture(browser, join(scratch, "serve"));
  await reportPicture(browser, join(scratch, "demo"));
} finally {
  await browser.close();
  rmSync(scratch, { recursive: true, force: true });
}
