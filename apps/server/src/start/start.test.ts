import { join } from "node:path";
import { createStrategy, type Params, type RunSettings } from "@tutti/core";
import { parametersSha256 } from "@tutti/protocol";
import type { ExperimentResult } from "@tutti/record";
import { afterEach, expect, test } from "vitest";
import type { CoordinatorOptions } from "../config.ts";
import { type Coordinator, type CoordinatorEvent, type CoordinatorPorts, startCoordinator } from "../coordinator.ts";
import { openJournal } from "../journal/journal.ts";
import { openStore, readStore } from "../journal/openStore.ts";
import { readRun } from "../journal/readRun.ts";
import { keepRunReports } from "../runReports.ts";
import { newClient } from "../testing/keptClient.ts";
import { joinAsClient, type ProtocolClient } from "../testing/protocolClient.ts";
import { temporaryFolder } from "../testing/startTest.ts";
import { tinyFedAvg, tinyRun, tinyTuned } from "../testing/tinyRun.ts";
import { readKeptRound } from "./keptRounds.ts";
import type { StartReader } from "./startingPoint.ts";

let folder = temporaryFolder();
const closeables: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closeables.splice(0).reverse()) await close();
  folder.remove();
  folder = temporaryFolder();
});

/** A coordinator with its files on disk, as a command starts it. */
async function start(
  run: RunSettings,
  options: Partial<CoordinatorOptions> = {},
  ports: Partial<CoordinatorPorts> = {},
): Promise<Coordinator> {
  const place = { host: "127.0.0.1", port: 0, dataDir: folder.path, publicDir: folder.path, pagesDir: null, logLevel: "silent" } as const;
  const coordinator = await startCoordinator({ ...place, expectedClients: 1, run, ...options }, { tuned: tinyTuned(run), ...ports });
  closeables.push(() => coordinator.close());
  return coordinator;
}

function join1(coordinator: Coordinator, name = "a"): ProtocolClient {
  const client = joinAsClient({ url: coordinator.url, kept: newClient(name) });
  closeables.push(() => client.close());
  return client;
}

/** What a newcomer has after each training round, as a hash, from here to the run's end. */
async function hashesOf(coordinator: Coordinator): Promise<Map<number, string>> {
  const strategy = createStrategy(coordinator.config.run);
  const hashes = new Map<number, string>();
  coordinator.subscribe((event: CoordinatorEvent) => {
    if (event.kind === "closed" && event.plan.stage === "train")
      hashes.set(event.plan.round, parametersSha256(strategy.newcomerParams(event.state)));
  });
  join1(coordinator);
  await coordinator.whenDone();
  await coordinator.close();
  return hashes;
}

const scaffold = tinyFedAvg({
  strategy: { name: "scaffold", serverLearningRate: 0.7 },
  training: { ...tinyRun().training, optimizer: "sgd", clientLearningRate: 0.2 },
  numRounds: 5,
  evaluateEvery: 2,
});
const momentum = tinyFedAvg({
  strategy: { name: "fedAvgM", serverLearningRate: 0.8, serverMomentum: 0.6 },
  numRounds: 4,
  evaluateEvery: 3,
});

test.each([scaffold, momentum])(
  "a branch with the same settings makes the same parameters, round by round ($strategy.name)",
  async (run) => {
    const original = await hashesOf(await start(run, { runId: "original" }));
    const branch = await start(run, { runId: "branch", startFrom: { run: "original", round: 2 } });
    const again = await hashesOf(branch);
    expect([...again]).toEqual([...original].filter(([round]) => round > 2));
    expect(new Set(original.values()).size).toBe(run.numRounds);
    const { origin, steps } = await readRun(folder.path, "branch");
    expect(origin).toEqual({ kind: "branch", runId: "original", round: 2, changes: [], sha256: original.get(2) });
    expect(steps[0]).toMatchObject({ stage: "train", round: 3 });
  },
);

test("a branch has other settings from its round on, may train longer than the run was to, and its report says so", async () => {
  const original = await hashesOf(await start(momentum, { runId: "original" }));
  const run: RunSettings = { ...momentum, numRounds: 6, strategy: { name: "fedAvgM", serverLearningRate: 0.8, serverMomentum: 0 } };
  const branch = await start(run, { startFrom: { run: "original", round: 4 } });
  const reports: ExperimentResult[] = [];
  const onTrouble = (error: unknown) => {
    throw error;
  };
  const kept = keepRunReports(branch, {
    metric: "accuracy",
    tuned: tinyTuned(run),
    everyMs: 0,
    onTrouble,
    async render(result) {
      reports.push(result);
    },
  });
  const hashes = await hashesOf(branch);
  await kept.finish(await branch.whenDone());
  expect([...hashes.keys()]).toEqual([5, 6]);
  expect(hashes.get(5)).not.toBe(original.get(4));
  const expected = {
    kind: "branch",
    runId: "original",
    round: 4,
    sha256: original.get(4),
    changes: [
      { path: "numRounds", before: "4", after: "6" },
      { path: "strategy.serverMomentum", before: "0.6", after: "0" },
    ],
  };
  expect(reports.at(-1)?.runs[0]?.origin).toEqual(expected);
  expect(reports[0]?.runs[0]?.position).toMatchObject({ numSteps: 3, numStepsDone: 1 }); // 5.1, 6.1 and an evaluation
  // the same command finds the branch again, and another round is another run
  const same = await start(run, { startFrom: { run: "original", round: 4 } });
  expect([same.runId, same.origin]).toEqual([branch.runId, expected]);
  expect(branch.runId).not.toBe((await start(momentum, { startFrom: { run: "original", round: 3 } })).runId);
});

test("what cannot be branched is refused with every reason, and leaves no lock behind", async () => {
  await hashesOf(await start(scaffold, { runId: "original", keepRoundsBytes: 16_000 }));
  const branchAt = (round: number, run = scaffold, from = "original") => start(run, { runId: "x", startFrom: { run: from, round } });
  await expect(branchAt(2)).rejects.toThrow(
    "run original cannot be branched at round 2: it keeps the training rounds 4, 5; give one of those, or `--start-from original` starts a run from its latest prompts",
  );
  await expect(branchAt(5)).rejects.toThrow("numRounds: found 5, expected more than 5, the round to branch at");
  const other: RunSettings = { ...scaffold, backbone: "other", strategy: { name: "fedAvg", fineTuneEpochs: 0 } };
  await expect(branchAt(4, other)).rejects.toThrow(
    /cannot be branched at round 4:\n {2}backbone: found "other", expected "tiny", .*\n {2}strategy\.name: found "fedAvg", expected "scaffold", /,
  );
  await expect(branchAt(4, scaffold, "orignal")).rejects.toThrow("has no run orignal; its runs are original");
  await expect(start(scaffold, { runId: "original", startFrom: { run: "original", round: 4 } })).rejects.toThrow(
    "was started from values drawn from its seed, not from run original after round 4",
  );
  await hashesOf(await start(scaffold, { runId: "unkept", keepRoundsBytes: 0 }));
  await expect(branchAt(2, scaffold, "unkept")).rejects.toThrow("run unkept cannot be branched: it keeps no round (keepRoundsBytes is 0,");
  await (await branchAt(4)).close();
});

test("a last round that reached the journal and not the kept rounds before a kill is kept when the run goes on", async () => {
  await hashesOf(await start(scaffold, { runId: "killed" }));
  const runFolder = join(folder.path, "killed");
  const whole = await readKeptRound(runFolder, 5);
  const { store } = await openStore(runFolder, "rounds");
  store.write([["round/00000005", null]]);
  await store.close();
  expect(await readKeptRound(runFolder, 5)).toEqual({ rounds: [1, 2, 3, 4], state: null });
  await (await start(scaffold, { runId: "killed" })).close();
  expect(whole.state).not.toBeNull();
  expect(await readKeptRound(runFolder, 5)).toEqual(whole);
});

/** Parameters that nobody would draw. */
function marked(run: RunSettings): Params {
  const value = (at: number) => 0.25 * (at % 7) - 0.5;
  return Object.fromEntries(
    Object.entries(tinyTuned(run).initial).map(([name, { shape, data }]) => [name, { shape, data: data.map((_, i) => value(i)) }]),
  );
}

const readerOf =
  (params: Params, reads: string[] = []): StartReader =>
  async (path) => {
    reads.push(path);
    return { params, origin: { kind: "promptsFile", runId: "earlier", baseModel: null } };
  };

test("a run that starts from tuned parameters hands them out, those that stay on the devices too", async () => {
  const run = tinyRun({
    strategy: {
      ...(tinyRun().strategy as object),
      selector: "first",
      keepFraction: 0.4,
      countingRounds: 0,
      initialPrompts: "fresh",
    } as RunSettings["strategy"],
  });
  const params = marked(run);
  const coordinator = await start(run, { startFrom: "runs/earlier" }, { readStart: readerOf(params) });
  const plans: Params[][] = [];
  coordinator.subscribe((event) => {
    if (event.kind === "planned" && event.plan.stage === "train") plans.push([...event.plan.payloads]);
  });
  join1(coordinator);
  await coordinator.whenDone();
  const [global = {}, initial = {}] = plans[0] ?? [];
  expect({ ...global, ...initial }).toEqual(params);
  expect(Object.keys(initial).length).toBeGreaterThan(0);
  expect(coordinator.origin).toEqual({
    kind: "params",
    path: "runs/earlier",
    source: "promptsFile",
    runId: "earlier",
    baseModel: null,
    sha256: parametersSha256(params),
  });
});

test("what a run started from is read once: it resumes from its journal, by the same command or without it, and not from elsewhere", async () => {
  const run = tinyFedAvg({ roster: "open", minDevices: 2, numDevices: 2, cohortSize: 2, numRounds: 1, evaluateEvery: 1 });
  const [params, reads] = [marked(run), [] as string[]];
  const options = { runId: "mine", startFrom: "adapters/mine", expectedClients: null };
  const first = await start(run, options, { readStart: readerOf(params, reads) });
  await first.close(); // it has no state yet: nobody has joined
  const gone: StartReader = () => Promise.reject(new Error("the file is gone"));
  await expect(start(run, { ...options, startFrom: "adapters/other" }, { readStart: gone })).rejects.toThrow(
    "run mine in " +
      join(folder.path, "mine") +
      " was started from adapters/mine, not from adapters/other: choose another run id, or leave startFrom out to resume it",
  );
  const resumed = await start(run, options, { readStart: gone });
  let sent: Params = {};
  resumed.subscribe((event) => {
    if (event.kind === "planned" && event.plan.round === 1 && event.plan.step === 1) sent = event.plan.payloads[0] ?? {};
  });
  for (const name of ["a", "b"]) join1(resumed, name);
  await resumed.whenDone();
  await resumed.close();
  expect([sent, reads]).toEqual([params, ["adapters/mine"]]);
  const journal = openJournal(await readStore(join(folder.path, "mine"), "journal"));
  expect(journal.contents()?.start).toEqual({ startFrom: "adapters/mine", origin: first.origin, content: null });
  await journal.close();
  const { startFrom: _, ...without } = options;
  expect((await start(run, without)).origin).toEqual(first.origin);
});

test("a place to start from that cannot be read, or holds other shapes, is an error that names it", async () => {
  const run = tinyFedAvg();
  const gone: StartReader = () => Promise.reject(new Error("adapters/mine is not there"));
  await expect(start(run, { startFrom: "adapters/mine" }, { readStart: gone })).rejects.toThrow("startFrom: adapters/mine is not there");
  await expect(start(run, { startFrom: "adapters/mine" })).rejects.toThrow("hands in no reader of parameters");
  const { "prefix/1": __, ...without } = marked(run);
  await expect(start(run, { startFrom: "x" }, { readStart: readerOf(without) })).rejects.toThrow(
    "tensor prefix/1: expected [2,2,4], found absent",
  );
  const again = await start(run, { startFrom: "x" }, { readStart: readerOf(marked(run)) });
  expect(again.runId).not.toBe((await start(run)).runId);
});
