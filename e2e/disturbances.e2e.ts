import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, type Page, test } from "@playwright/test";
import { parametersSha256 } from "@tutti/protocol";
import type { StepRecord } from "@tutti/record";
import { type Coordinator, type RunOutcome, readRun } from "@tutti/server";
import { holdFiles } from "./setting/hold.ts";
import { places, projectFolder } from "./setting/places.ts";
import { hashOf, joinAddress, miscounted, scratch, serveRun, tinyRun } from "./setting/runs.ts";

const run = { ...tinyRun, numRounds: 4, evaluateEvery: 4 };

/** Resolves when a training round of this number has been planned. */
function whenRound(coordinator: Coordinator, round: number): Promise<void> {
  return new Promise((resolve) => {
    const stop = coordinator.subscribe((event) => {
      if (event.kind !== "planned" || event.plan.stage !== "train" || event.plan.round !== round) return;
      stop();
      resolve();
    });
  });
}

let undisturbed: RunOutcome | null = null;

/** What the run comes to when nothing happens to it; computed once. */
async function undisturbedOutcome(open: () => Promise<Page>): Promise<RunOutcome> {
  if (undisturbed !== null) return undisturbed;
  const coordinator = await serveRun(run, { expectedClients: 2 });
  for (const tab of [0, 1]) await (await open()).goto(`${joinAddress(coordinator, "wasm")}&tab=${tab}`);
  undisturbed = await coordinator.whenDone();
  await coordinator.close();
  return undisturbed;
}

test("a tab that is killed in the middle of a round loses nothing: its devices move with their state", async ({ context }) => {
  const expected = await undisturbedOutcome(() => context.newPage());
  const coordinator = await serveRun(run, { expectedClients: 2, graceMs: 300 });
  const [stays, dies] = [await context.newPage(), await context.newPage()];
  for (const [tab, page] of [stays, dies].entries()) await page.goto(`${joinAddress(coordinator, "wasm")}&tab=${tab}`);
  await whenRound(coordinator, 1);
  const { isHeld } = await holdFiles(dies);
  await isHeld;
  await dies.close();
  const outcome = await coordinator.whenDone();
  await coordinator.close();
  expect(miscounted(outcome)).toEqual([]);
  expect(hashOf(outcome)).toBe(hashOf(expected));
});

test("a tab that hangs while it loads loses its devices, and takes part when it goes on after all", async ({ context }) => {
  const expected = await undisturbedOutcome(() => context.newPage());
  const coordinator = await serveRun(run, { expectedClients: 2, registerTimeoutMs: 3000 });
  const [works, hangs] = [await context.newPage(), await context.newPage()];
  const hosted = () => coordinator.clients().map(({ deviceIds }) => deviceIds.length);
  await works.goto(`${joinAddress(coordinator, "wasm")}&tab=0`);
  await expect.poll(() => coordinator.status().numDevices, { timeout: 60_000 }).toBe(2);
  const tasks = await holdFiles(works);
  const loading = await holdFiles(hangs, "**/datasets/**");
  await hangs.goto(`${joinAddress(coordinator, "wasm")}&tab=1`);
  await loading.isHeld;
  await expect.poll(hosted, { timeout: 60_000 }).toEqual([4, 0]);
  await tasks.isHeld; // the run has begun without it
  await loading.letGo();
  await expect.poll(() => coordinator.clients()[1]?.backend, { timeout: 60_000 }).toBe("wasm");
  await expect(hangs.locator("html")).toHaveAttribute("data-state", "waiting");
  await tasks.letGo();
  await expect.poll(() => hosted().every((count) => count > 0), { timeout: 60_000 }).toBe(true);
  const outcome = await coordinator.whenDone();
  await coordinator.close();
  expect(miscounted(outcome)).toEqual([]);
  expect(hashOf(outcome)).toBe(hashOf(expected));
});

test("a tab that is reloaded in the middle of a round goes on with its devices", async ({ context }) => {
  const expected = await undisturbedOutcome(() => context.newPage());
  const coordinator = await serveRun(run, { expectedClients: 2 });
  const pages = [await context.newPage(), await context.newPage()];
  for (const [tab, page] of pages.entries()) await page.goto(`${joinAddress(coordinator, "wasm")}&tab=${tab}`);
  const reloaded = pages[1] ?? (await context.newPage());
  await whenRound(coordinator, 1);
  const held = await holdFiles(reloaded);
  await held.isHeld;
  const keyBefore = coordinator.clients().length;
  await held.letGo();
  await reloaded.reload();
  const outcome = await coordinator.whenDone();
  expect(coordinator.clients()).toHaveLength(keyBefore);
  await coordinator.close();
  expect(miscounted(outcome)).toEqual([]);
  expect(hashOf(outcome)).toBe(hashOf(expected));
});

/** The coordinator as its own process, as `tutti run start` makes it. */
async function startProcess(settings: string, port: number): Promise<{ child: ChildProcess; url: string }> {
  const child = spawn(
    process.execPath,
    [join(projectFolder, "apps/cli/bin/tutti.mjs"), "run", "start", settings, "--run", "killed", "--port", String(port)],
    { cwd: projectFolder, stdio: ["ignore", "pipe", "inherit"] },
  );
  for await (const line of createInterface({ input: child.stdout })) {
    const url = /open (http:\/\/\S+)/.exec(line)?.[1];
    if (url !== undefined) {
      child.stdout.resume();
      return { child, url: url.replace(/,$/, "") };
    }
  }
  throw new Error(`the coordinator ended with ${child.exitCode}`);
}

test("a coordinator that is killed in the middle of a round comes back in it and asks for nothing again", async ({ context }) => {
  const expected = await undisturbedOutcome(() => context.newPage());
  await mkdir(places.runs, { recursive: true });
  const settings = scratch("killed.json");
  const dataDir = scratch("killed");
  const options = { host: "127.0.0.1", dataDir, publicDir: places.tinyPublic, pagesDir: places.pages, expectedClients: 2, run };
  await writeFile(settings, JSON.stringify(options));
  const first = await startProcess(settings, 0);
  const [, second] = [await context.newPage(), await context.newPage()];
  const pages = context.pages();
  const submitted: string[] = [];
  for (const page of pages) {
    page.on("websocket", (socket) =>
      socket.on("framesent", ({ payload }) => {
        const taskId = /"submit",\{"taskId":"(\w+)"/.exec(String(payload))?.[1];
        if (taskId !== undefined) submitted.push(taskId);
      }),
    );
  }
  for (const [tab, page] of pages.entries()) await page.goto(`${joinAddress(first, "wasm")}&tab=${tab}`);
  const { token } = JSON.parse(await readFile(join(dataDir, "killed", "control.json"), "utf8"));
  const status = async () => (await fetch(`${first.url}/control/status`, { headers: { authorization: `Bearer ${token}` } })).json();
  await expect.poll(async () => (await status()).stage, { timeout: 60_000, intervals: [100] }).toBe("train");
  const held = await holdFiles(second);
  await held.isHeld;
  // the other tab's contributions to the same step are in, and acknowledged, before the kill: what is on its way may be sent again
  const numIn = async (): Promise<number> => (await status()).tasksIn;
  const isQuiet = async (): Promise<boolean> => {
    const [before, numSent] = [await numIn(), submitted.length];
    await new Promise((resolve) => setTimeout(resolve, 500));
    return before > 0 && before === (await numIn()) && numSent === submitted.length;
  };
  await expect.poll(isQuiet, { timeout: 60_000 }).toBe(true);
  const numBefore = submitted.length;
  expect(numBefore).toBeGreaterThan(0);
  first.child.kill("SIGKILL");
  await once(first.child, "exit");
  const again = await startProcess(settings, Number(new URL(first.url).port));
  await held.letGo();
  const [code] = await once(again.child, "exit");
  expect(code).toBe(0);
  const { steps, newcomerParams } = await readRun(dataDir, "killed");
  expect(miscountedSteps(steps)).toEqual([]);
  // every acknowledged contribution was sent once: nothing was asked for again
  expect(submitted.filter((id, index) => submitted.indexOf(id) !== index)).toEqual([]);
  expect(parametersSha256(newcomerParams ?? {})).toBe(expected.parametersSha256);
});

function miscountedSteps(steps: readonly StepRecord[]): string[] {
  return steps
    .filter(({ cohort, counted }) => new Set(counted).size !== counted.length || counted.length !== cohort.length)
    .map(({ stage, round }) => `${stage} ${round}`);
}
