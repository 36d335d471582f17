import { execFile } from "node:child_process";
import { existsSync, realpathSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "@playwright/test";
import { norm, presets, type RunSettings, type StrategySummary, subtract } from "@tutti/core";
import { readSafetensors } from "@tutti/model";
import { loadBrowserScript } from "@tutti/server/checkout";
import { places } from "./setting/places.ts";
import { joinAddress, miscounted, scratch, serveRun, tinyRun } from "./setting/runs.ts";

/** Environment in which Dawn in Node finds the software adapter that Chromium ships, so that both compute on the same one. */
async function withChromiumsAdapter(): Promise<NodeJS.ProcessEnv> {
  const browser = realpathSync(await (await loadBrowserScript()).ensureBrowser());
  const folders = [dirname(browser), "/usr/lib/chromium", "/usr/lib/chromium-browser", "/opt/google/chrome"];
  const folder = folders.find((candidate) => existsSync(join(candidate, "vk_swiftshader_icd.json")));
  if (folder === undefined) throw new Error(`no vk_swiftshader_icd.json beside ${browser}`);
  const libraries = [folder, process.env.LD_LIBRARY_PATH].filter((path) => path !== undefined && path !== "").join(delimiter);
  return { ...process.env, LD_LIBRARY_PATH: libraries, VK_ICD_FILENAMES: join(folder, "vk_swiftshader_icd.json") };
}

async function replayOnDawn(run: RunSettings) {
  await mkdir(places.runs, { recursive: true });
  const [settings, out] = [scratch("replay.json"), scratch("replay.safetensors")];
  await writeFile(settings, JSON.stringify(run));
  const script = fileURLToPath(new URL("./setting/replayMain.ts", import.meta.url));
  await promisify(execFile)(process.execPath, ["--import", "tsx", script, settings, places.tinyPublic, out], {
    env: await withChromiumsAdapter(),
  });
  const { params, metadata } = readSafetensors(await readFile(out));
  return { params, summary: JSON.parse(metadata.summary ?? "null") as StrategySummary };
}

test("two tabs on WebGPU run all three stages, and Dawn in Node replays the run", async ({ context }) => {
  test.setTimeout(360_000);
  // a software GPU takes seconds for each new shape, so there is as little of everything as the three stages need
  const run: RunSettings = {
    ...tinyRun,
    numDevices: 2,
    minDevices: 2,
    cohortSize: 2,
    numRounds: 2,
    evaluateEvery: 2,
    partition: { kind: "iid" },
    training: { ...tinyRun.training, batchSize: 8 },
    strategy: { ...tinyRun.strategy, lanczosSteps: 2 },
  };
  const coordinator = await serveRun(run, { expectedClients: 2 });
  const pages = [await context.newPage(), await context.newPage()];
  await Promise.all(pages.map((page, tab) => page.goto(`${joinAddress(coordinator, "webgpu")}&tab=${tab}`)));
  const [outcome, replay] = await Promise.all([coordinator.whenDone(), replayOnDawn(run)]);
  expect(coordinator.clients().map(({ backend }) => backend)).toEqual(["webgpu", "webgpu"]);
  await coordinator.close();
  expect(miscounted(outcome)).toEqual([]);
  expect(outcome.steps.map(({ stage, kind }) => `${stage} ${kind}`)).toEqual([
    "score score",
    "count train",
    "count probe",
    "train train",
    "train train",
    "train evaluate",
  ]);
  expect(outcome.summary.selectedLayers).toEqual(replay.summary.selectedLayers);
  const distance = norm(subtract(outcome.newcomerParams, replay.params)) / norm(replay.params);
  expect(distance).toBeLessThanOrEqual(1e-4);
});

test("four tabs on WASM learn more than the backbone knew", async ({ context }) => {
  const run: RunSettings = {
    ...presets.demo,
    numDevices: 8,
    minDevices: 8,
    cohortSize: 4,
    numRounds: 3,
    evaluateEvery: 3,
    training: { ...presets.demo.training, localEpochs: 1 },
    strategy: { ...tinyRun.strategy },
  };
  const coordinator = await serveRun(run, { expectedClients: 4 });
  for (let tab = 0; tab < 4; tab++) await (await context.newPage()).goto(`${joinAddress(coordinator, "wasm")}&tab=${tab}`);
  const outcome = await coordinator.whenDone();
  await coordinator.close();
  expect(miscounted(outcome)).toEqual([]);
  const accuracy = (wanted: string) =>
    outcome.steps.at(-1)?.evaluations.find(({ protocol, split }) => protocol === wanted && split === "test")?.accuracy ?? 0;
  expect(accuracy("zeroShot")).toBeGreaterThan(0.25);
  expect(accuracy("newcomer")).toBeGreaterThan(accuracy("zeroShot"));
  expect(accuracy("personalised")).toBeGreaterThan(accuracy("zeroShot"));
});

test("every kind of roberta's golden numbers holds on WebGPU in the browser", async ({ page }) => {
  test.setTimeout(480_000); // 80 products with the Hessian on a software adapter
  const coordinator = await serveRun(tinyRun);
  await page.goto(`${coordinator.url}/verify.html?backend=webgpu&golden=/golden/roberta&spectrum=1`);
  await expect(page.locator("html[data-state]")).toHaveAttribute("data-state", /done|failed/, { timeout: 450_000 });
  const result: { errors?: Record<string, number> } = JSON.parse((await page.locator("#result").textContent()) ?? "{}");
  await coordinator.close();
  expect(result).toHaveProperty("backend", "webgpu");
  for (const [kind, error] of Object.entries(result.errors ?? {})) {
    // 1e-4 on WebGPU; products with the Hessian come from differences of gradients, and what follows from them (golden/README.md)
    expect(error, kind).toBeLessThanOrEqual(/hessian|ritz|keep|product/i.test(kind) ? 2e-3 : 1e-4);
  }
  expect(Object.keys(result.errors ?? {}).filter((kind) => /ritz/i.test(kind)).length).toBeGreaterThan(0);
  expect(Object.keys(result.errors ?? {}).length).toBeGreaterThan(12);
});
