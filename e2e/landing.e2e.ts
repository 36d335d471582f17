import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, type Page, test } from "@playwright/test";
import { formatBytes } from "@tutti/core";
import { places } from "./setting/places.ts";
import { joinAddress, serveRun, tinyRun } from "./setting/runs.ts";

/** Nothing is trained: a second device does not come. */
const waitingRun = { ...tinyRun, roster: "open" as const, numDevices: 2, minDevices: 2, cohortSize: 2 };
const phone = { width: 390, height: 844 };

/** What a page asks for, by path. */
function pathsOf(page: Page): string[] {
  const paths: string[] = [];
  page.on("request", (request) => paths.push(new URL(request.url()).pathname));
  return paths;
}

/** The texts of the one table that the browser keeps. */
function keptTexts(page: Page): Promise<string[]> {
  return page.evaluate(
    () =>
      new Promise<string[]>((resolve, reject) => {
        const opening = indexedDB.open("tutti-examples");
        opening.onerror = () => reject(opening.error);
        opening.onsuccess = () => {
          const asked = opening.result.transaction("tables").objectStore("tables").getAll();
          asked.onerror = () => reject(asked.error);
          asked.onsuccess = () => {
            opening.result.close();
            resolve((asked.result[0]?.examples ?? []).map(({ text }: { text: string }) => text));
          };
        };
      }),
  );
}

const isModel = (path: string): boolean => /\.bin$|\/tokenizer/.test(path);
const isWorker = (path: string): boolean => /\/worker-[^/]*\.js$/.test(path);

test("before anybody joins a phone shows who runs the run, what for and how many bytes it takes, with Join in sight, and downloads none of them", async ({
  browser,
}) => {
  const coordinator = await serveRun(waitingRun, { hostedBy: "Class 9b, Kisko school", about: "Which customers are unhappy?" });
  const page = await browser.newPage({ viewport: phone });
  const paths = pathsOf(page);
  await page.goto(coordinator.url);
  await expect(page.getByTestId("headline-purpose")).toHaveText("Which customers are unhappy?");
  await expect(page.getByTestId("hosted-by")).toHaveText("Class 9b, Kisko school");
  await expect(page.getByTestId("duration")).toContainText("Not begun yet");
  const box = await page.getByTestId("join").boundingBox();
  expect((box?.y ?? phone.height) + (box?.height ?? 0)).toBeLessThan(phone.height);
  const manifest = JSON.parse(await readFile(join(places.tinyPublic, "backbones/tiny/manifest.json"), "utf8"));
  const modelBytes = [...manifest.shards, manifest.tokenizer, manifest.tokenizerConfig].reduce((sum, { numBytes }) => sum + numBytes, 0);
  await expect(page.getByTestId("download")).toContainText(`${formatBytes(modelBytes)} of model and`);
  for (const part of ["backend", "storage"]) await expect(page.getByTestId(`preflight-${part}`)).toContainText(/\w/);
  expect(paths.filter((path) => isModel(path) || isWorker(path))).toEqual([]);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(phone.width);
  await page.close();
  await coordinator.close();
});

test("the console stays clean on plain http, where the page says that the https link gives more, and on this machine the page is isolated", async ({
  page,
}) => {
  const coordinator = await serveRun(waitingRun);
  const said: string[] = [];
  page.on("console", (message) => void (message.type() === "error" && said.push(message.text())));
  page.on("pageerror", (error) => void said.push(error.message));
  await page.goto(coordinator.url.replace("127.0.0.1", "tutti.test"));
  await expect(page.getByTestId("preflight-backend")).toHaveAttribute("data-mend", "openHttps");
  await expect(page.getByTestId("preflight")).not.toContainText(/check your GPU/i);
  expect(said).toEqual([]);
  await page.goto(coordinator.url);
  await expect(page.getByTestId("preflight-backend")).toBeVisible();
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
  await coordinator.close();
});

const buffer = (text: string) => ({ mimeType: "text/csv", buffer: Buffer.from(text) });

test("examples are typed, pasted and read into one table, corrected there, kept through a reload, and forgotten", async ({ page }) => {
  const coordinator = await serveRun(waitingRun);
  await page.goto(`${coordinator.url}/?backend=wasm&threads=1`);
  await page.getByTestId("source-own").check();
  const counts = page.getByTestId("class-counts");
  await page.getByTestId("example-text").fill("The parcel was wet");
  await page.getByRole("button", { name: "Add it as delivery" }).click();
  await expect(counts).toHaveText("1 example: 1 delivery, 0 quality, 0 service, 0 price");
  await page.getByText("Paste from a spreadsheet").click();
  await page.getByTestId("paste").fill("Far too dear\tprice\nNobody answers\tservice\n");
  await page.getByTestId("read-paste").click();
  await page.getByTestId("take-rows").click();
  await expect(counts).toContainText("3 examples");
  const sheet = "Antwort;Thema\nIt cost a fortune;teuer\nI paid twice as much;teuer\nCame late;Versand\n";
  await page.getByTestId("own-file").setInputFiles({ name: "umfrage.csv", ...buffer(sheet) });
  await expect(page.getByTestId("column-text")).toHaveValue("Antwort");
  await page.getByTestId("mapping").getByLabel("teuer").selectOption("price");
  await page.getByTestId("take-rows").click();
  await expect(counts).toHaveText("5 examples: 1 delivery, 0 quality, 1 service, 3 price");
  await page.getByLabel("Class of example 5").selectOption("quality");
  await page.getByLabel("Text of example 1", { exact: true }).fill("The parcel was soaked");
  await page.getByLabel("Delete example 2").click();
  await expect(counts).toHaveText("4 examples: 1 delivery, 1 quality, 1 service, 1 price");
  await expect
    .poll(() => keptTexts(page))
    .toEqual(["The parcel was soaked", "Nobody answers", "It cost a fortune", "I paid twice as much"]);
  await page.reload();
  await expect(counts).toHaveText("4 examples: 1 delivery, 1 quality, 1 service, 1 price");
  await expect(page.getByLabel("Text of example 1", { exact: true })).toHaveValue("The parcel was soaked");
  await page.getByTestId("forget-examples").click();
  await expect(page.getByTestId("join")).toBeDisabled();
  await page.reload();
  await page.getByTestId("source-own").check();
  await expect(page.getByTestId("add-example")).toBeVisible();
  await expect(counts).toHaveCount(0);
  await coordinator.close();
});

test("a file that cannot be used says why, and changes nothing of what is there", async ({ page }) => {
  const coordinator = await serveRun(waitingRun);
  await page.goto(`${coordinator.url}/?backend=wasm&threads=1`);
  await page.getByTestId("source-own").check();
  await page.getByTestId("example-text").fill("The parcel was wet");
  await page.getByTestId("add-as-0").click();
  const problem = page.getByTestId("own-file-problem");
  const files = [
    ["empty.csv", "", "empty.csv is empty"],
    ["binary.csv", "a,b\n\0\u0001", "binary.csv is not a text file"],
    ["table.xlsx", "PK", "copy its cells and paste them here"],
  ] as const;
  for (const [name, content, sentence] of files) {
    await page.getByTestId("own-file").setInputFiles({ name, ...buffer(content) });
    await expect(problem).toContainText(sentence);
  }
  await page.getByTestId("own-file").setInputFiles({ name: "texts.csv", ...buffer("text\nToo dear\nToo late\n") });
  await expect(page.getByTestId("sheet-summary")).toContainText("Each text needs a label");
  await expect(page.getByTestId("take-rows")).toBeDisabled();
  await page.getByTestId("own-file").setInputFiles({ name: "same.csv", ...buffer("text,label\nWet,delivery\nLate,delivery\n") });
  await expect(page.getByTestId("one-class")).toContainText("All of these are “delivery”");
  await expect(page.getByTestId("class-counts")).toContainText("3 examples: 3 delivery");
  await coordinator.close();
});

test("a second tab of the browser is told of the first, which shows itself; a name is kept for the next visit", async ({
  context,
  page,
}) => {
  const coordinator = await serveRun(waitingRun);
  const address = `${coordinator.url}/?backend=wasm&threads=1`;
  await page.goto(address);
  await page.getByTestId("nickname").fill("  Ada \t");
  await page.getByTestId("join").click();
  await expect.poll(() => coordinator.clients().map(({ nickname }) => nickname)).toEqual(["Ada"]);
  const second = await context.newPage();
  await second.goto(address);
  await expect(second.getByTestId("other-tab")).toContainText("already takes part");
  await expect(second.getByTestId("nickname")).toHaveValue("Ada");
  await second.getByTestId("show-other-tab").click();
  await expect(page).toHaveTitle(/^▶ /);
  await expect(second.getByTestId("other-tab")).toContainText("You can close this one");
  await second.getByRole("button", { name: "Join here as well" }).click();
  await expect.poll(() => coordinator.status().numConnected).toBe(2);
  await coordinator.close();
});

test("what a browser measured is remembered, also on plain http: a reload and the next visit measure nothing, and that visit loads the worker before Join and no model", async ({
  context,
  page,
}) => {
  const coordinator = await serveRun(waitingRun);
  const there = coordinator.url.replace("127.0.0.1", "tutti.test"); // plain http
  await page.goto(there);
  await page.getByTestId("join").click();
  await expect(page.getByTestId("backend-reason")).toContainText("for a test step");
  await page.reload();
  await expect(page.getByTestId("backend-reason")).toContainText("Remembered from");
  await page.close();
  const again = await context.newPage();
  const paths = pathsOf(again);
  await again.goto(there);
  await expect(again.getByTestId("download")).toContainText("Nothing");
  await expect.poll(() => paths.some(isWorker)).toBe(true);
  await again.getByTestId("join").click();
  await expect(again.getByTestId("backend-reason")).toContainText("Remembered from");
  expect(paths.filter(isModel)).toEqual([]);
  await coordinator.close();
});

test("a finished run that is served again offers what it has come to: no Join, and nothing is loaded", async ({ context, page }) => {
  const runId = `served-again-${process.pid}`;
  const coordinator = await serveRun(tinyRun, { expectedClients: 1, runId });
  await page.goto(joinAddress(coordinator, "wasm"));
  await coordinator.whenDone();
  await coordinator.close();
  const served = await serveRun(tinyRun, { expectedClients: 1, runId });
  const last = await context.newPage();
  const paths = pathsOf(last);
  await last.goto(served.url);
  await expect(last.getByTestId("finished")).toContainText("This run is finished");
  await expect(last.getByTestId("to-try")).toHaveAttribute("href", "./try");
  await expect(last.getByTestId("join")).toHaveCount(0);
  expect(paths.filter((path) => isWorker(path) || isModel(path))).toEqual([]);
  await served.close();
});

test("what a first visit has loaded when it starts its training worker takes at most 120 kB compressed, with one file of sentences", async ({
  page,
}) => {
  const coordinator = await serveRun(waitingRun);
  await page.addInitScript(`globalThis.Worker = class extends Worker {
    constructor(...args) {
      super(...args);
      globalThis.scriptsThen ??= performance.getEntriesByType("resource").map(({ name }) => name.split("/").at(-1)).filter((name) => name.endsWith(".js"));
    }
  };`);
  await page.goto(`${coordinator.url}/?backend=cpu`);
  await expect(page.getByTestId("preflight-backend")).toBeVisible();
  await page.getByTestId("join").click();
  await page.waitForFunction("globalThis.scriptsThen !== undefined");
  const before = await page.evaluate<readonly string[]>("scriptsThen");
  await coordinator.close();
  expect(before.filter((name) => /^(?:en|de|fr|fi)-[^.]*\.js$/.test(name))).toHaveLength(1);
  const sizes = await Promise.all(
    before.map(async (name) => gzipSync(await readFile(join(places.pages, "assets", name)), { level: 9 }).length),
  );
  const total = sizes.reduce((sum, bytes) => sum + bytes, 0);
  expect(total).toBeGreaterThan(30_000);
  expect(total).toBeLessThanOrEqual(120_000);
});
