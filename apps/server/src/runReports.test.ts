import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { deferred } from "@tutti/core";
import { type ExperimentResult, experimentResultSchema } from "@tutti/record";
import { afterEach, expect, test, vi } from "vitest";
import { keepRunReports } from "./runReports.ts";
import { newClient } from "./testing/keptClient.ts";
import { freePort, startKillable } from "./testing/killHarness.ts";
import { joinAsClient } from "./testing/protocolClient.ts";
import { startTestCoordinator, temporaryFolder } from "./testing/startTest.ts";
import { tinyRun, tinyTuned } from "./testing/tinyRun.ts";

const run = tinyRun({ numDevices: 6, cohortSize: 4, quorum: 1, numRounds: 5, evaluateEvery: 2 });
const closeables: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closeables.splice(0).reverse()) await close();
});

function newFolder(): string {
  const folder = temporaryFolder();
  closeables.push(folder.remove);
  return folder.path;
}

/** The three files as they are now, each of which has to be whole. */
function readFiles(folder: string): ExperimentResult {
  expect(readFileSync(join(folder, "report.html"), "utf8")).toMatch(/^<!doctype html>.*<\/html>\n$/s);
  expect(readFileSync(join(folder, "results.csv"), "utf8")).toMatch(/^experiment,run,.*\r\n$/s);
  return experimentResultSchema.parse(JSON.parse(readFileSync(join(folder, "results.json"), "utf8")));
}

const whenThere = (path: string) => vi.waitFor(() => expect(existsSync(path)).toBe(true), { timeout: 60_000, interval: 20 });

test("a coordinator that is killed leaves whole files that say how far the run was, and the one that goes on leaves its result", async () => {
  const dataDir = newFolder();
  const port = await freePort();
  const options = {
    host: "127.0.0.1",
    port,
    dataDir,
    pagesDir: null,
    publicDir: dataDir,
    runId: "reported",
    expectedClients: 1,
    run,
  } as const;
  const sizes = { numLayers: 3, hiddenSize: 5, keyValueWidth: 4 };
  const coordinator = await startKillable({ options: { ...options, logLevel: "error" }, sizes, numClasses: 3, reportEveryMs: 100 });
  closeables.push(() => coordinator.stop());
  const folder = join(dataDir, "reported");
  const released = deferred<void>();
  async function onTask({ stage, round }: { readonly stage: string; readonly round: number }): Promise<boolean> {
    if (stage === "train" && round >= 2) await released.promise;
    return true;
  }
  const client = joinAsClient({ url: coordinator.url, kept: newClient("a"), onTask });
  closeables.push(() => client.close());
  await whenThere(join(folder, "report.html"));
  await coordinator.killAndRestart();
  const [before] = readFiles(folder).runs;
  expect(before?.position).toMatchObject({ isRunning: true, numSteps: expect.any(Number) });
  expect(before?.position?.numStepsDone).toBe(before?.steps?.length);
  released.resolve();
  await coordinator.whenDone();
  const [after] = readFiles(folder).runs;
  expect(after?.position).toBeUndefined();
  expect(after?.parametersSha256).toMatch(/^[0-9a-f]{64}$/);
  expect(after?.final.personalised?.spread?.numDevices).toBe(run.numDevices);
  expect(after?.steps?.slice(0, before?.steps?.length)).toEqual(before?.steps);
}, 120_000);

test("a run that stops before its end has a last report that says so, and nothing that fails in it stops the coordinator", async () => {
  const coordinator = await startTestCoordinator(run, newFolder(), { expectedClients: 1 });
  closeables.push(() => coordinator.close());
  const results: ExperimentResult[] = [];
  const troubles: unknown[] = [];
  const reports = keepRunReports(coordinator, {
    metric: "accuracy",
    tuned: tinyTuned(run),
    everyMs: 0,
    notes: ["a note"],
    onTrouble: (error) => troubles.push(error),
    async render(result) {
      results.push(result);
      throw new Error("no room");
    },
  });
  const client = joinAsClient({ url: coordinator.url, kept: newClient("a") });
  closeables.push(() => client.close());
  await coordinator.whenDone();
  await reports.finish(null);
  await reports.finish(null);
  const last = results.at(-1)?.runs[0];
  expect(last?.position).toMatchObject({ isRunning: false, numStepsDone: coordinator.steps().length });
  expect(last?.notes).toEqual(["a note"]);
  expect(results.length).toBeGreaterThan(1);
  expect(troubles).toEqual([new Error("no room")]);
});
