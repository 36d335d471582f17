#!/usr/bin/env node
// Makes the pictures of the docs again, from one served run with tabs: npm run shots. Plain JavaScript, like its neighbours.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { chromium } from "playwright-core";
import { chromiumFlags, ensureBrowser } from "./find-browser.mjs";

const pathOf = (name) => fileURLToPath(new URL(`../${name}`, import.meta.url));
const images = pathOf("docs/images");
const only = process.argv.slice(2);

/** A phone, a tablet, a desk. */
const views = [
  { width: 390, height: 844 },
  { width: 820, height: 1180 },
  { width: 1440, height: 900 },
];
const numTabs = 4;
/** A round in the middle of a run, when losses and layers can be seen. */
const shownRound = 7;

/** For the page where the model answers. */
const sentence = "The parcel came two days late and nobody answered the phone.";

/** Starts a command of tutti, and answers its process, how it ends, and the first match of some patterns in what it prints. */
const startTutti = (args, patterns) => {
  const child = spawn(process.execPath, [pathOf("apps/cli/bin/tutti.mjs"), ...args], { stdio: ["ignore", "pipe", "pipe"] });
  const ended = once(child, "exit").then(([code]) => code);
  const found = new Promise((resolve, reject) => {
    let printed = "";
    const read = (part) => {
      printed += part;
      process.stderr.write(part);
      const matches = patterns.map((pattern) => pattern.exec(printed)?.[1]);
      if (matches.every((match) => match !== undefined)) resolve(matches);
    };
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", read);
    ended.then((code) => reject(new Error(`tutti ${args.join(" ")} ended with exit code ${code} before it printed ${patterns}`)));
  });
  return { child, ended, found };
};

/** One picture in every width, light and dark, as docs/images/NAME-WIDTH-SCHEME.webp; pages behind others are drawn no more, so it comes to the front. */
const shoot = async (page, name) => {
  if (only.length > 0 && !only.includes(name)) return;
  await page.bringToFront();
  await page.evaluate(() => window.scrollTo(0, 0));
  const session = await page.context().newCDPSession(page);
  for (const view of views) {
    await page.setViewportSize(view);
    for (const scheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
      await page.waitForTimeout(300); // figures follow the width a frame or two later
      const { data } = await session.send("Page.captureScreenshot", { format: "webp", quality: 72 });
      writeFileSync(join(images, `${name}-${view.width}-${scheme}.webp`), Buffer.from(data, "base64"));
    }
  }
  await session.detach();
  await page.emulateMedia({ colorScheme: "light" });
  console.error(`${name}: done`);
};

/** A page without anything kept from another. */
const openPage = async (browser, address, view = views[2]) => {
  const context = await browser.newContext({ viewport: view, locale: "en-GB" });
  const page = await context.newPage();
  await page.goto(address);
  return page;
};

/** Tabs of one browser that take part. */
const joinTabs = async (browser, address) => {
  const context = await browser.newContext({ viewport: views[2], locale: "en-GB" });
  const pages = [];
  for (let tab = 0; tab < numTabs; tab++) {
    const page = await context.newPage();
    await page.goto(`${address}/?tab=${tab}&threads=1`);
    await page.getByTestId("join").click();
    pages.push(page);
  }
  return pages;
};

const atRound = (page) =>
  page
    .getByTestId("round")
    .filter({ hasText: new RegExp(`round (${shownRound}|[89]|1\\d) of`) })
    .waitFor({ timeout: 600_000 });

const scratch = mkdtempSync(join(tmpdir(), "tutti-shots-"));
const browser = await chromium.launch({ executablePath: await ensureBrowser(), args: [...chromiumFlags] });
mkdirSync(images, { recursive: true });
const serve = startTutti(
  ["serve", "--preset", "demo", "--port", "0", "--host", "127.0.0.1", "--out", scratch],
  [/(http:\/\/(?:localhost|127\.0\.0\.1):\d+)/],
);
try {
  const [address] = await serve.found;
  await shoot(await openPage(browser, address), "landing");
  const tabs = await joinTabs(browser, address);
  const [joined] = tabs;
  await atRound(joined);
  await joined.locator("html[data-state=training]").waitFor({ timeout: 60_000 });
  await shoot(joined, "join");
  const stage = await openPage(browser, `${address}/stage`);
  await stage.locator("[data-testid=score-plot] svg[role=img]").waitFor({ timeout: 60_000 });
  await shoot(stage, "stage");
  await joined.getByTestId("results").waitFor({ timeout: 600_000 });
  const tryPage = await openPage(browser, `${address}/try`);
  await tryPage.getByTestId("text").fill(sentence);
  await tryPage.locator("[data-testid=heard]:not(:empty)").waitFor({ timeout: 120_000 });
  await tryPage.getByTestId("words-show").click();
  await tryPage.locator(".answers[data-busy=false]").waitFor();
  await shoot(tryPage, "try");
  const [run] = readdirSync(scratch).filter((name) => name !== "coordinator");
  await shoot(await openPage(browser, pathToFileURL(join(scratch, run, "report.html")).href), "report");
} finally {
  await browser.close();
  serve.child.kill("SIGTERM");
  await serve.ended;
  rmSync(scratch, { recursive: true, force: true });
}
