import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, type Page, test } from "@playwright/test";
import { createTokenizer } from "@tutti/model";
import { places, projectFolder } from "./setting/places.ts";
import { joinAddress, scratch, serveRun, tinyRun } from "./setting/runs.ts";

test("the page shows loading, training, the round, layers and bytes, pauses after the task at hand, and goes on after a reload", async ({
  page,
}) => {
  const coordinator = await serveRun({ ...tinyRun, numRounds: 6, evaluateEvery: 6 }, { expectedClients: 1 });
  await page.goto(coordinator.url);
  await expect(page.getByTestId("join")).toBeEnabled();
  const seen = new Set<string>();
  await page.exposeFunction("noteState", (state: string) => seen.add(state));
  await page.evaluate(() => {
    const note = () => Reflect.get(window, "noteState")(document.documentElement.dataset.state ?? "");
    new MutationObserver(note).observe(document.documentElement, { attributes: true, attributeFilter: ["data-state"] });
  });
  await page.getByTestId("join").click();
  await expect(page.getByTestId("round")).toContainText(/round \d+ of \d+/);
  await page.getByTestId("pause-after-task").click();
  await expect(page.getByTestId("resume")).toBeVisible();
  await expect.poll(() => coordinator.clients()[0]?.isPaused).toBe(true);
  await expect.poll(() => coordinator.clients()[0]?.progress).toBeNull();
  const numSteps = coordinator.steps().length;
  await page.reload();
  await page.getByTestId("resume").click(); // the reload has not ended the pause
  await expect(page.getByTestId("devices")).toHaveText("4");
  const outcome = await coordinator.whenDone();
  expect(outcome.steps.length).toBeGreaterThan(numSteps);
  expect(coordinator.clients()).toHaveLength(1); // the same client came back
  await expect(page.getByTestId("results")).toBeVisible();
  await expect(page.getByTestId("accuracy-newcomer")).toContainText("%");
  await expect(page.getByTestId("bytes-sent")).toContainText(/\d/);
  await expect(page.getByTestId("layer-bars")).toHaveAttribute("aria-label", /layer 0/);
  expect([...seen]).toEqual(expect.arrayContaining(["loading", "training"]));
  await coordinator.close();
});

const ownTexts = [
  ["zanzibar quokkas delivered marmalade zeppelins late", "delivery"],
  ["flamboyant walruses praise xylophone craftsmanship", "quality"],
  ["the yodelling receptionist juggled porcupines politely", "service"],
  ["ninety kumquats cost eleven sovereigns and a thimble", "price"],
] as const;

/** Everything a page sends: frames of its sockets and requests with their bodies. */
function recordTraffic(page: Page): Buffer[] {
  const sent: Buffer[] = [];
  const add = (payload: string | Buffer) => void sent.push(Buffer.from(payload));
  page.on("websocket", (socket) => socket.on("framesent", ({ payload }) => add(payload)));
  page.on("request", (request) => {
    add(request.url());
    const body = request.postDataBuffer();
    if (body !== null) add(body);
  });
  return sent;
}

/** Ways in which ids could be written down: as text, or as little-endian numbers of 16 or 32 bits. */
function writingsOf(ids: readonly number[]): Buffer[] {
  const numbers = (array: Uint16Array | Int32Array | Float32Array) => Buffer.from(array.buffer);
  return [Buffer.from(ids.join(",")), numbers(Uint16Array.from(ids)), numbers(Int32Array.from(ids)), numbers(Float32Array.from(ids))];
}

test("own examples never leave the tab: no frame and no request holds a text or token ids of theirs", async ({ context }) => {
  const run = { ...tinyRun, roster: "open" as const, numDevices: 2, minDevices: 2, cohortSize: 2, numRounds: 2, evaluateEvery: 2 };
  const coordinator = await serveRun(run);
  await mkdir(places.runs, { recursive: true });
  const file = scratch("own.csv");
  const rows = [...ownTexts, ...ownTexts.map(([text, topic]) => [`${text} again`, topic])];
  await writeFile(file, `text,label\n${rows.map((row) => row.join(",")).join("\n")}\n`);
  const recordings: Buffer[][] = [];
  for (const tab of [0, 1]) {
    const page = await context.newPage();
    recordings.push(recordTraffic(page));
    await page.goto(`${coordinator.url}/?backend=wasm&threads=1&tab=${tab}`);
    await page.getByTestId("source-own").check();
    await page.getByTestId("own-file").setInputFiles(file);
    await expect(page.getByLabel("Text of example 1", { exact: true })).toHaveValue(/zanzibar/);
    await page.getByTestId("join").click();
  }
  await coordinator.whenDone();
  const all = Buffer.concat(recordings.flat());
  expect(all.includes("submit")).toBe(true);
  const backbone = join(places.tinyPublic, "backbones/tiny");
  const tokenizer = createTokenizer(
    await readFile(join(backbone, "tokenizer.json"), "utf8"),
    await readFile(join(backbone, "tokenizer_config.json"), "utf8"),
  );
  for (const [text] of ownTexts) {
    for (const word of text.split(" ").filter((part) => part.length > 5)) expect(all.includes(word), word).toBe(false);
    const ids = tokenizer.encode(text);
    for (let start = 0; start + 4 <= ids.length; start++) {
      for (const written of writingsOf(ids.slice(start, start + 4))) expect(all.includes(written), text).toBe(false);
    }
  }
  await coordinator.close();
});

test("an own file that is not UTF-8 is refused as the command line refuses it, and nobody joins with it", async ({ page }) => {
  const coordinator = await serveRun({ ...tinyRun, roster: "open", numDevices: 2, minDevices: 2, cohortSize: 2 });
  await page.goto(`${coordinator.url}/?backend=wasm&threads=1`);
  await page.getByTestId("source-own").check();
  const file = join(projectFolder, "packages/data/src/testing/windows1252.csv");
  await page.getByTestId("own-file").setInputFiles(file);
  await expect(page.getByTestId("own-file-problem")).toHaveText("windows1252.csv is not UTF-8 text. Save it as UTF-8.");
  await expect(page.getByTestId("join")).toBeDisabled();
  const text = new TextDecoder("windows-1252").decode(await readFile(file));
  await page.getByTestId("own-file").setInputFiles({ name: "own.csv", mimeType: "text/csv", buffer: Buffer.from(text) });
  await expect(page.getByLabel("Text of example 1", { exact: true })).toHaveValue(/unhöflich/);
  await expect(page.getByTestId("join")).toBeEnabled();
  await coordinator.close();
});

test("a reloaded tab goes on with its own examples as the same device, and after leaving they wait on the page", async ({ page }) => {
  const run = { ...tinyRun, roster: "open" as const, numDevices: 2, minDevices: 2, cohortSize: 2 };
  const coordinator = await serveRun(run); // a second device does not come: nothing is trained
  await page.goto(`${coordinator.url}/?backend=wasm&threads=1`);
  await page.getByTestId("source-own").check();
  const text = `text,label\n${ownTexts.map((row) => row.join(",")).join("\n")}\n`;
  await page.getByTestId("own-file").setInputFiles({ name: "again.csv", mimeType: "text/csv", buffer: Buffer.from(text) });
  await page.getByTestId("join").click();
  await expect(page.locator("html")).toHaveAttribute("data-state", "waiting");
  await page.reload();
  await expect(page.locator("html")).toHaveAttribute("data-state", "waiting");
  await expect(page.getByTestId("examples")).toHaveText("4");
  expect(coordinator.status()).toMatchObject({ numDevices: 1, numConnected: 1 });
  await page.getByTestId("leave").click();
  await expect(page.locator("html")).toHaveAttribute("data-state", "left");
  await page.reload();
  await expect(page.getByTestId("own-file-preview")).toContainText("4 examples: 1 delivery, 1 quality, 1 service, 1 price");
  await expect(page.getByTestId("join")).toBeEnabled();
  await coordinator.close();
});

test("training never blocks the page for more than 50 ms", async ({ page }) => {
  await page.addInitScript(() => {
    const entries: { start: number; duration: number }[] = [];
    const steps: number[] = [];
    Object.assign(window, { longTasks: entries, stepTimes: steps });
    new PerformanceObserver((list) => {
      for (const { startTime, duration } of list.getEntries()) entries.push({ start: startTime, duration });
    }).observe({ type: "longtask", buffered: true });
    const { send } = WebSocket.prototype;
    WebSocket.prototype.send = function (data) {
      if (typeof data === "string" && /"progress"|"submit"/.test(data)) steps.push(performance.now());
      return send.call(this, data);
    };
  });
  const coordinator = await serveRun(tinyRun, { expectedClients: 1 });
  await page.goto(joinAddress(coordinator, "wasm"));
  await coordinator.whenDone();
  const { longTasks, steps } = await page.evaluate(() => ({
    longTasks: Reflect.get(window, "longTasks") as { start: number; duration: number }[],
    steps: Reflect.get(window, "stepTimes") as number[],
  }));
  await coordinator.close();
  expect(steps.length).toBeGreaterThan(10);
  const [first, last] = [steps[0] ?? 0, steps.at(-1) ?? 0];
  expect(longTasks.filter(({ start, duration }) => start + duration > first && start < last)).toEqual([]);
});
