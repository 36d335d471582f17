import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type BrowserContext, expect, type Page, test } from "@playwright/test";
import { type Params, pickNames, type RunSettings } from "@tutti/core";
import { createPredictor, readPromptsFile, startBackend, writePromptsFile } from "@tutti/model";
import { loadBackboneFolder } from "@tutti/model/node";
import type { Coordinator, RunOutcome } from "@tutti/server";
import { joinAsClient, newClient } from "@tutti/server/testing";
import { places } from "./setting/places.ts";
import { printedBy } from "./setting/printedBy.ts";
import { joinAddress, scratch, serveRun, tinyRun } from "./setting/runs.ts";

const text = "the courier left the parcel in the rain";
/** Between a browser's and Node's WASM: the same kernels, on texts that lie in batches of other sizes. */
const tolerance = 1e-5;

const tryAddress = ({ url }: Pick<Coordinator, "url">, hash = ""): string => `${url}/try?backend=wasm&threads=1${hash}`;

/** The probabilities that a panel shows, to the bit. */
async function sharesOf(page: Page, who: string): Promise<number[]> {
  const shares = page.locator(`[data-testid^="share-${who}-"]`);
  await expect(shares.first()).toHaveAttribute("data-share", /\d/);
  return shares.evaluateAll((all) => all.map((one) => Number(one.getAttribute("data-share"))));
}

/** Waits until the page has answered what stands in it. */
async function answered(page: Page): Promise<void> {
  await expect(page.getByTestId("heard")).not.toBeEmpty();
  await expect(page.locator(".answers")).toHaveAttribute("data-busy", "false");
}

async function ask(page: Page, question: string): Promise<void> {
  await page.getByTestId("text").fill(question);
  await expect(page.locator(".answers")).toHaveAttribute("data-text", question);
  await answered(page);
}

async function predictorOf({ run, newcomerParams }: Pick<RunOutcome, "run" | "newcomerParams">) {
  await startBackend("wasm", { threads: 1 });
  return createPredictor(await loadBackboneFolder(join(places.tinyPublic, "backbones/tiny")), run, newcomerParams);
}

function expectClose(found: readonly number[], expected: readonly number[]): void {
  expect(found).toHaveLength(expected.length);
  for (const [i, share] of expected.entries()) expect(Math.abs((found[i] ?? 9) - share)).toBeLessThan(tolerance);
}

/** A run that a browser finished, served again for each test, and the browser that took part. */
let port = 0;
let finished: { readonly outcome: RunOutcome; readonly context: BrowserContext };
const runId = `tried-${process.pid}`;

const serveFinished = (options: Parameters<typeof serveRun>[1] = {}) => serveRun(tinyRun, { runId, expectedClients: 1, ...options });

test.beforeAll(async ({ browser }) => {
  const coordinator = await serveFinished({ port: 0 });
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(joinAddress(coordinator, "wasm"));
  const outcome = await coordinator.whenDone();
  await expect(page.locator("html")).toHaveAttribute("data-state", "finished");
  await page.close();
  finished = { outcome, context };
  port = coordinator.port; // what a browser keeps belongs to an address
  await coordinator.close();
});
test.afterAll(() => finished.context.close());

test("a browser that took part gets the answers before tuning, after it and with its own layers; they are Node's, and words, a file, a link and the prompts follow", async () => {
  const { outcome, context } = finished;
  const coordinator = await serveFinished({ port });
  const page = await context.newPage();
  await page.goto(tryAddress(coordinator));
  await expect(page.getByTestId("run-line")).toContainText("tuned in 3 rounds");
  await page.evaluate(() => {
    const longTasks: number[] = [];
    Object.assign(window, { longTasks });
    new PerformanceObserver((list) => longTasks.push(...list.getEntries().map(({ duration }) => duration))).observe({ type: "longtask" });
  });
  await page.getByTestId("text").fill("");
  await page.getByTestId("text").pressSequentially(text, { delay: 5 });
  await expect(page.locator(".answers")).toHaveAttribute("data-text", text);
  await answered(page);
  expect(await page.evaluate(() => Reflect.get(window, "longTasks"))).toEqual([]); // typing does not stutter

  const predictor = await predictorOf(outcome);
  const [expected = []] = await predictor.probabilities([{ text }]);
  expectClose(await sharesOf(page, "tuned"), expected);
  const deviceId = Number(await page.getByTestId("device").inputValue());
  const local = outcome.deviceStates.get(deviceId)?.local ?? {};
  const own: Params = { ...outcome.newcomerParams, ...local, ...pickNames(outcome.newcomerParams, Object.keys(outcome.globalParams)) };
  const ownPredictor = await predictorOf({ run: outcome.run, newcomerParams: own });
  const [expectedOwn = []] = await ownPredictor.probabilities([{ text }]);
  expectClose(await sharesOf(page, "own"), expectedOwn);
  expect(expectedOwn).not.toEqual(expected);
  const before = await sharesOf(page, "before");
  const confusion = await predictor.zeroShotConfusion([{ text, label: 0 }]);
  expect(before.indexOf(Math.max(...before))).toBe(confusion[0]?.indexOf(1));

  await test.step("which words mattered", async () => {
    await page.getByTestId("words-show").click();
    const rows = page.getByTestId("effects").locator("tbody tr");
    await expect(rows).toHaveCount(8);
    const best = expected.indexOf(Math.max(...expected));
    const [without = []] = await predictor.probabilities([{ text: text.replace("courier ", "") }]);
    const points = 100 * ((expected[best] ?? 0) - (without[best] ?? 0));
    const shown = await rows.filter({ hasText: "courier" }).locator("td").innerText();
    expect(Number(shown.replace("−", "-"))).toBeCloseTo(points, 0);
    await expect(page.locator(".shaded")).toHaveText(text);
    await page.getByTestId("text").fill(`${text} again`);
    await expect(page.getByTestId("effects")).toHaveCount(0); // they are of another text
    await answered(page);
  });

  await test.step("a file", async () => {
    const rows = [
      [text, "delivery"],
      ['the lid, "as new", fell off', "quality"],
      ["", "price"],
      ["nobody answered the phone", "service"],
      ["far too dear", "weather"],
    ];
    const file = `message,kind\n${rows.map((row) => row.map((cell) => `"${cell?.replaceAll('"', '""')}"`).join(",")).join("\n")}\n`;
    await page.getByTestId("batch-file").setInputFiles({ name: "mail.csv", mimeType: "text/csv", buffer: Buffer.from(file) });
    await expect(page.getByTestId("batch-text")).toHaveValue("message");
    await page.getByTestId("batch-label").selectOption("kind");
    await page.getByTestId("batch-start").click();
    const texts = rows.flatMap(([one = ""]) => (one === "" ? [] : [one]));
    const shares = await predictor.probabilities(texts.map((one) => ({ text: one })));
    const found = shares.map((one) => predictor.classes[one.indexOf(Math.max(...one))]);
    const labels = ["delivery", "quality", "service"];
    const numRight = labels.filter((label, index) => found[index] === label).length;
    await expect(page.getByTestId("batch-accuracy")).toContainText(`${numRight} of 3 texts`);
    await expect(page.getByTestId("confusion").locator("tbody th")).toHaveText([...predictor.classes]);
    await expect(page.getByTestId("batch-result")).toContainText("1 row have a right answer that this task does not know");
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByTestId("batch-download").click()]);
    expect(download.suggestedFilename()).toBe("mail-answers.csv");
    const lines = (await readFile(await download.path(), "utf8")).trim().split("\r\n");
    expect(lines).toHaveLength(5);
    expect(lines[2]).toContain('"the lid, ""as new"", fell off"');
    await page.getByTestId("batch-file").setInputFiles({ name: "mail.pdf", mimeType: "application/pdf", buffer: Buffer.from("%PDF") });
    await expect(page.getByTestId("batch-problem")).toContainText("mail.pdf cannot be read");
  });

  await test.step("a link", async () => {
    await ask(page, text);
    const requests: string[] = [];
    const other = await context.newPage();
    other.on("request", (request) => requests.push(request.url()));
    const link = await page.getByTestId("link").inputValue();
    await other.goto(link.replace("/try", "/try?backend=wasm&threads=1"));
    await answered(other);
    await expect(other.getByTestId("text")).toHaveValue(text);
    expectClose(await sharesOf(other, "tuned"), expected);
    await expect(other.getByTestId("standing")).toBeEmpty();
    expect(requests.some((url) => url.includes("courier"))).toBe(false);
    await other.goto("about:blank");
    await other.goto(link.replace("/try", "/try?backend=wasm&threads=1").replace(/parameters=\w+/, `parameters=${"0".repeat(16)}`));
    await expect(other.getByTestId("standing")).toContainText("other parameters of this run");
    await other.close();
  });

  await test.step("the prompts, as the command line reads them", async () => {
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByTestId("download-prompts").click()]);
    const file = scratch("tried.safetensors");
    await download.saveAs(file);
    const bytes = await readFile(file);
    const asWritten = writePromptsFile({ runId: coordinator.runId, settings: outcome.run, params: outcome.newcomerParams });
    expect(Buffer.compare(bytes, asWritten)).toBe(0);
    expect(readPromptsFile(bytes, (settings) => settings as RunSettings).params).toEqual(outcome.newcomerParams);
    const printed = await printedBy("predict", "--prompts", file, "--json", "--public", places.tinyPublic, text);
    expectClose(Object.values(JSON.parse(printed).probabilities), expected);
    await expect(page.getByTestId("snippet-terminal")).toContainText("npx tutti predict --prompts prompts.safetensors");
  });
  predictor.dispose();
  ownPredictor.dispose();
  await coordinator.close();
});

test("while a run goes on the page begins before tuning, takes the first round's parameters, and offers newer ones", async ({ page }) => {
  await page.clock.install();
  const releases: (() => void)[] = [];
  const clients: { close(): void }[] = [];
  const coordinator = await serveRun({ ...tinyRun, numRounds: 2, evaluateEvery: 2 }, { expectedClients: 1 });
  await page.goto(tryAddress(coordinator));
  await ask(page, text);
  await expect(page.getByTestId("standing")).toContainText("Nothing is tuned yet");
  await expect(page.getByTestId("answer-before")).toBeVisible();
  await expect(page.getByTestId("answer-tuned")).toHaveCount(0);
  const held = new Promise<void>((resolve) => {
    const client = joinAsClient({
      url: coordinator.url,
      kept: newClient("a"),
      async onTask({ stage, round }) {
        if (stage !== "train" || round !== 2) return true;
        await new Promise<void>((goOn) => {
          releases.push(goOn);
          resolve();
        });
        return true;
      },
    });
    clients.push(client);
  });
  await held;
  await page.clock.fastForward(16_000);
  await expect(page.getByTestId("answer-tuned")).toContainText("after round 1");
  const first = await sharesOf(page, "tuned");
  const settled = setInterval(() => {
    for (const release of releases.splice(0)) release();
  }, 20);
  await expect
    .poll(() => coordinator.steps().some(({ stage, kind, round }) => stage === "train" && kind === "train" && round === 2))
    .toBe(true);
  clearInterval(settled);
  await page.clock.fastForward(16_000);
  await expect(page.getByTestId("standing")).toContainText("Round 2 is there.");
  expect(await sharesOf(page, "tuned")).toEqual(first);
  await page.getByTestId("use-newer").click();
  await expect(page.getByTestId("answer-tuned")).toContainText("after round 2");
  await expect.poll(() => sharesOf(page, "tuned")).not.toEqual(first);
  for (const client of clients) client.close();
  await coordinator.close();
});

test("in a run by code word the tuned model answers who types the word, which goes into no address; empty and long texts are said", async ({
  page,
}) => {
  const coordinator = await serveFinished({ admission: "code", codeWord: "blue heron" });
  const requests: string[] = [];
  page.on("request", (request) => requests.push(request.url()));
  await page.goto(tryAddress(coordinator));
  await page.getByTestId("code-word").fill("red heron");
  await page.getByTestId("code-word").press("Enter");
  await expect(page.getByTestId("code-word")).toBeVisible();
  await page.getByTestId("code-word").fill("blue heron");
  await page.getByTestId("code-word").press("Enter");
  await expect(page.getByTestId("answer-tuned")).toBeVisible();
  await expect(page.getByTestId("code-word")).toHaveCount(0);
  expect(requests.filter((url) => /heron/.test(url))).toEqual([]);
  expect(await page.getByTestId("link").inputValue()).not.toContain("heron");
  await page.getByTestId("text").fill("   ");
  await expect(page.locator(".answers")).toContainText("Type a text to see what the model answers.");
  await ask(page, "late ".repeat(600));
  await expect(page.getByTestId("cut")).toContainText("tokens were not read");
  await coordinator.close();
});

test("a text that was answered wrongly goes to the examples of the tab that takes part, with the right answer and to nobody else", async ({
  page,
  context,
}) => {
  const coordinator = await serveRun({ ...tinyRun, roster: "open", numDevices: 2, minDevices: 2, cohortSize: 2 }); // a second device does not come
  const sent: string[] = [];
  context.on("request", (request) => sent.push(`${request.url()} ${request.postData() ?? ""}`));
  await page.goto(tryAddress(coordinator));
  await ask(page, text);
  await expect(page.getByTestId("correction")).toHaveCount(0); // this browser brings no examples
  const joined = await context.newPage();
  joined.on("websocket", (socket) => socket.on("framesent", ({ payload }) => sent.push(String(payload))));
  await joined.goto(`${coordinator.url}/?backend=wasm&threads=1`);
  await joined.getByTestId("source-own").check();
  for (const [label, typed] of ["it came late", "it broke"].entries()) {
    await joined.getByTestId("example-text").fill(typed);
    await joined.getByTestId(`add-as-${label}`).click();
  }
  await joined.getByTestId("join").click();
  await expect(joined.locator("html")).toHaveAttribute("data-state", "waiting");
  await page.reload();
  await ask(page, text);
  await page.getByTestId("correct-2").click();
  await expect(page.getByTestId("correction")).toContainText("Added as “service”.");
  await joined.getByTestId("example-text").fill("too dear");
  await joined.getByTestId("add-as-3").click();
  const kept = () =>
    page.evaluate(async () => {
      const opened = indexedDB.open("tutti-examples");
      await new Promise((resolve) => opened.addEventListener("success", resolve));
      const all = opened.result.transaction("tables").objectStore("tables").getAll();
      await new Promise((resolve) => all.addEventListener("success", resolve));
      opened.result.close();
      return all.result.map(({ examples }) => examples.map(({ text, label }: { text: string; label: number }) => `${text}: ${label}`));
    });
  await expect.poll(kept).toEqual([["it came late: 0", "it broke: 1", `${text}: 2`, "too dear: 3"]]);
  expect(sent.filter((one) => one.includes("courier"))).toEqual([]);
  await joined.close();
  await coordinator.close();
});

test("on localhost the page opens and answers without a network, and the join page keeps nothing; on plain http it says that it needs the network", async ({
  page,
  context,
}) => {
  const coordinator = await serveFinished();
  await page.goto(tryAddress(coordinator));
  await expect(page.getByTestId("offline")).toContainText("also works without a network");
  await ask(page, text);
  const online = await sharesOf(page, "tuned");
  await context.setOffline(true);
  await page.reload();
  await ask(page, text);
  expect(await sharesOf(page, "tuned")).toEqual(online);
  await expect(page.goto(coordinator.url)).rejects.toThrow("ERR_INTERNET_DISCONNECTED");
  await context.setOffline(false);
  const caches = await page
    .goto(`${coordinator.url}/try`)
    .then(() =>
      page.evaluate(async () =>
        Promise.all(
          (await window.caches.keys()).map(
            async (name) => [name, (await (await window.caches.open(name)).keys()).map(({ url }) => url)] as const,
          ),
        ),
      ),
    );
  const kept = caches.filter(([name]) => name.startsWith("tutti-try-"));
  expect(kept).toHaveLength(1);
  expect(kept[0]?.[1].filter((url) => url.includes("run.json"))).toEqual([`${coordinator.url}/run.json?of=try`]);
  await page.goto(tryAddress({ url: coordinator.url.replace("127.0.0.1", "tutti.test") }));
  await expect(page.getByTestId("offline")).toContainText("needs the network: it came over plain http");
  await ask(page, text);
  expectClose(await sharesOf(page, "tuned"), online);
  await coordinator.close();
});
