import { cp, mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createRandom, type FedPepTaoSettings, initialParams, presets, type RunSettings, tunedEntries } from "@tutti/core";
import { findClassification } from "@tutti/data";
import type { FaultPlan, RunRecord } from "@tutti/record";
import { temporaryFolder } from "@tutti/terminal/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Clients } from "../drive/clients.ts";
import { openNodeClients } from "../drive/nodeClients.ts";
import { readExperiment } from "../experiment/experimentFile.ts";
import type { PlannedRun } from "../experiment/plannedRun.ts";
import { allRuns, planExperiment } from "../experiment/runPlan.ts";
import { tinySizes, writeTinyPublic } from "../testing/tinyPublic.ts";
import { performRun } from "./performRun.ts";
import type { RunPlace } from "./runPlace.ts";
import { openWorkbench, type Workbench } from "./workbench.ts";

const repository = fileURLToPath(new URL("../../../..", import.meta.url));
const folder = temporaryFolder();
const publicDir = join(folder.path, "public");
const trouble: string[] = [];
let clients: Clients;
let workbench: Workbench;

const strategy = presets.demo.strategy as FedPepTaoSettings;
const settings: RunSettings = {
  ...presets.demo,

  backbone: "tiny",
  numDevices: 4,
  minDevices: 4,
  cohortSize: 3,
  numRounds: 3,
  evaluateEvery: 2,
  deadlineMs: null,
  quorum: 1,
  partition: { kind: "iid" },
  tuning: { ...presets.demo.tuning, promptTokens: 2 },
  training: { ...presets.demo.training, localEpochs: 1, resetMoments: false },
  strategy: { ...strategy, countingRounds: 1, probeDevices: 1, lanczosSteps: 4, keepFraction: 0.34 },
};
const planned = (id: string, change: Partial<PlannedRun> = {}): PlannedRun => ({
  id,
  method: "fedPepTao",
  methodTitle: "FedPepTAO",
  variant: {},
  isRateTrial: false,
  task: "feedback/topic",
  metric: "accuracy",

  seed: settings.seed,
  settings,
  faults: null,
  ...change,
});

function perform(run: PlannedRun, change: Partial<RunPlace> = {}) {
  const place: RunPlace = {
    publicDir,
    pagesDir: null,
    folder: join(folder.path, run.id),
    host: "127.0.0.1",
    port: 0,
    clients,
    numRemote: 0,
    backend: "wasm",
    threads: 1,
    kernels: "fast",
    numCores: 2,
    limits: { secondsPerRun: 100, secondsPerStep: 60 },
    onListening: () => undefined,
    onBackend: () => undefined,
    onEvent: () => undefined,
    signal: new AbortController().signal,
  };
  return performRun(run, { ...place, ...change }, { workbench });
}

let calm: RunRecord;

beforeAll(async () => {
  await writeTinyPublic(publicDir);
  clients = openNodeClients(2, (sentence) => void trouble.push(sentence));
  workbench = openWorkbench(publicDir);
  calm = await (await perform(planned("calm"))).record;
}, 120_000);
afterAll(async () => {
  await clients.close();
  workbench.close();
  folder.remove();
});

test("a run's result has its stages, its curve and, row by row, which test rows were answered rightly", () => {
  expect(calm).toMatchObject({ error: null, correctNote: null, backend: "wasm", clients: "node", faults: null });
  const points = calm.curve.filter(({ protocol, split }) => protocol === "global" && split === "test");
  expect(points.map(({ round }) => round)).toEqual([2, 3]);
  expect(points[0]?.bytesUp).toBeLessThan(points[1]?.bytesUp ?? 0);
  expect(points[1]?.bytesUp).toBe(calm.bytes.up);
  // an acknowledgement may leave between two steps; W, which the first evaluation fetched for the third round, is larger
  expect(Math.abs((points[1]?.bytesDown ?? 0) - calm.bytes.down)).toBeLessThan(200);
  expect(calm.selectedLayers).toHaveLength(1);
  expect(calm.bytes.stagesAB).toBeGreaterThan(0);
  expect(calm.correct).toMatch(/^[01]{24}$/);
  const { labels, predictions } = calm.answers ?? { labels: [], predictions: [] };
  expect(labels.map((label, row) => (label === predictions[row] ? "1" : "0")).join("")).toBe(calm.correct);
  expect(calm.correct?.replaceAll("0", "").length).toBe(Math.round(24 * (calm.final.global?.accuracy ?? Number.NaN)));
  expect(calm.usage.orchestrationFraction).toBeGreaterThan(0);
});

test("layers are scored again at the evaluated rounds, and with the prompts that a run starts from as the run scored them", async () => {
  expect(calm.layerScoresByRound?.map(({ round }) => round)).toEqual([2, 3]);
  const start = initialParams(
    tunedEntries(tinySizes, settings.tuning, findClassification(settings.task, "this test").classes.length),
    createRandom(settings.seed),
  );
  const paramsByRound = new Map([[0, start]]);
  const [again] = await workbench.do("scoreLayersAgain", { run: settings, attempt: 1, devices: [0, 1, 2, 3], paramsByRound });
  const [fewer] = await workbench.do("scoreLayersAgain", { run: settings, attempt: 1, devices: [0, 2], paramsByRound });
  const [later] = await workbench.do("scoreLayersAgain", { run: settings, attempt: 2, devices: [0, 1, 2, 3], paramsByRound });
  expect(again?.scores).toHaveLength(3);
  for (const [layer, score] of calm.layerScores.entries()) {
    const others = [fewer, later, ...(calm.layerScoresByRound ?? [])].map((one) => one?.scores[layer]);
    if (score === null) {
      for (const other of [again?.scores[layer], ...others]) expect(other).toBeNull();
      continue;
    }
    expect(Math.abs((again?.scores[layer] ?? Number.NaN) - score)).toBeLessThan(1e-6);
    // other devices, other batches and other prompts come to something else
    for (const other of others) expect(Math.abs((other ?? Number.NaN) - score)).toBeGreaterThan(1e-5);
  }
}, 60_000);

test("the backbone without prompts scores the same beside the runs as on the devices", { timeout: 60_000 }, async () => {
  const short = { ...settings, numRounds: 1, evaluateZeroShot: false, strategy: { name: "fedAvg", fineTuneEpochs: 0 } } as const;
  const run = await (await perform(planned("beside", { settings: short }))).record;
  expect(run.curve.map(({ protocol }) => protocol)).not.toContain("zeroShot");
  expect(calm.curve.map(({ protocol }) => protocol)).toContain("zeroShot");
  expect(run.layerScoresByRound).toBeUndefined();
  expect(run.controls.zeroShot).toBe(calm.controls.zeroShot);
  expect(run.controls.zeroShot).toBeGreaterThan(0);
});

test.each([
  { name: "fedExLora", fineTuneEpochs: 0 },
  { name: "fLora", ranks: [2, 1], fineTuneEpochs: 1 },
] as const)(
  "$name: predicted again beside the run, with the residual, the test rows give what devices reported",
  { timeout: 100_000 },
  async (own) => {
    const { promptDropout, positionsAfterPrefix, lossOver, head } = settings.tuning;
    const tuning = { method: "lora", rank: 2, alpha: 4, promptDropout, positionsAfterPrefix, lossOver, head } as const;
    const training = { ...settings.training, clientLearningRate: 0.05, resetMoments: true };
    const run = { ...settings, tuning, training, strategy: own, evaluateZeroShot: false };
    const record = await (await perform(planned(own.name, { settings: run }))).record;
    expect(record).toMatchObject({ error: null, correctNote: null });
    expect(record.correct?.replaceAll("0", "").length).toBe(Math.round(24 * (record.final.global?.accuracy ?? Number.NaN)));
    expect(trouble).toEqual([]);
  },
);

test("a strategy from a module is run to its end, and the record names it by title, file and SHA-256", { timeout: 60_000 }, async () => {
  await cp(join(repository, "examples/strategies"), folder.path, { recursive: true });
  await mkdir(join(folder.path, "node_modules"));
  await symlink(join(repository, "node_modules/@tutti"), join(folder.path, "node_modules/@tutti"));
  const { task, strategy: _, ...others } = { ...settings, numRounds: 1, evaluateZeroShot: false };
  const methods = [{ module: "./trimmedMean.ts", set: { "strategy.trim": 0.4 } }];
  const file = join(folder.path, "module.json");
  await writeFile(file, JSON.stringify({ title: "A", question: "B?", settings: others, tasks: [task], seeds: [1], methods }));
  const [run] = allRuns(planExperiment((await readExperiment(file)).experiment));
  if (run === undefined) throw new Error("expected a run");
  const record = await (await perform(run)).record;
  expect(record).toMatchObject({ error: null, correctNote: null, settings: { strategy: { name: "module", trim: 0.4 } } });
  expect(record.methodTitle).toMatch(/^Trimmed mean \(trimmedMean\.ts, SHA-256 [0-9a-f]{12}\)$/);
  expect(record.curve.map(({ round }) => round)).toContain(1);
});

test("a run that is stopped goes on with the same command and ends with the same numbers", { timeout: 100_000 }, async () => {
  const stop = new AbortController();
  let numSteps = 0;
  const stopped = perform(planned("stopped"), {
    signal: stop.signal,
    onEvent(event) {
      if (event.kind === "step" && ++numSteps === 3) stop.abort(new Error("enough"));
    },
  });
  await expect(stopped).rejects.toThrow("enough");
  const resumed = await (await perform(planned("stopped"))).record;
  expect(resumed.final).toEqual(calm.final);
  expect(resumed.correct).toBe(calm.correct);
  expect(resumed.layerScoresByRound).toEqual(calm.layerScoresByRound);
});

test("a run that was over when it was stopped is replayed from what it keeps", { timeout: 60_000 }, async () => {
  const again = await (await perform(planned("calm"))).record;
  expect(again.correctNote).toBeNull();
  expect(again.correct).toBe(calm.correct);
  expect(again.answers).toEqual(calm.answers);
  expect(again.curve).toEqual(calm.curve);
  expect(again.layerScoresByRound).toEqual(calm.layerScoresByRound?.slice(-1));
});

test("through every kind of fault a run comes to the same numbers", { timeout: 200_000 }, async () => {
  const faults: FaultPlan = { seed: 3, drop: 0.15, slow: 0.5, duplicate: 0.2, reorder: 0.2, corrupt: 0.15, reload: 0.1 };
  const run = await (await perform(planned("faulty", { faults }))).record;
  expect(run.error).toBeNull();
  const { plan, counts } = run.faults ?? { plan: null, counts: {} };
  expect(plan).toEqual(faults);
  for (const [kind, count] of Object.entries(counts)) expect(count, kind).toBeGreaterThan(0);
  expect(run.final).toEqual(calm.final);
});

test("a run that takes too long ends with a sentence", { timeout: 60_000 }, async () => {
  const limits = { secondsPerRun: 3, secondsPerStep: 60 };
  const long = planned("long", { settings: { ...settings, numRounds: 1000 } });
  await expect(perform(long, { limits })).rejects.toThrow("the run took longer than 0.05 min");
});

test("clients start while the coordinator does, and no more of them than there are devices for", async () => {
  const seen: string[] = [];
  const watched: Clients = { ...clients, count: 5, warmUp: (count) => void seen.push(`${count} clients start`) };
  const onListening = () => {
    seen.push("the coordinator listens");
    throw new Error("seen enough");
  };
  await expect(perform(planned("warm"), { clients: watched, numRemote: 1, onListening })).rejects.toThrow("seen enough");
  expect(seen).toEqual(["3 clients start", "the coordinator listens"]);
});
