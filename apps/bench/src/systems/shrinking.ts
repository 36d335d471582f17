import { join } from "node:path";
import {
  type BackboneSizes,
  type Contribution,
  createRandom,
  createStrategy,
  createTensor,
  initialParams,
  type Params,
  type PlannedTask,
  presets,
  type RoundPlan,
  type RunSettings,
  type StrategyState,
  sizeOf,
  strategies,
  taskParams,
  tunedEntries,
  tunedShape,
  tunings,
} from "@tutti/core";
import { findClassification } from "@tutti/data";
import { createTrainer, loadBackbone, noCache, type Trainer, tunedLayout } from "@tutti/model";
import { fetchFile, localUrls } from "@tutti/model/node";
import { encodeParams } from "@tutti/protocol";
import { projectFolder } from "@tutti/server/checkout";
import { type BenchRow, median, row, timeMs } from "../rows.ts";

/** GPT-2 small, of which six matrices of each layer are tuned. */
const gpt2: BackboneSizes = {
  numLayers: 12,
  hiddenSize: 768,
  keyValueWidth: 768,
  weights: [
    { name: "layers.0.feedForward.up.weight", shape: [3072, 768] },
    { name: "layers.0.feedForward.down.weight", shape: [768, 3072] },
  ],
};

/** From 12 components of a matrix to 3, which is reached after half of the rounds. */
const run: RunSettings = {
  ...presets.demo,
  numDevices: 2,
  minDevices: 2,
  cohortSize: 2,
  numRounds: 30,
  evaluateEvery: 30,
  tuning: {
    ...tunings.svdLora.defaults,
    rank: 12,
    targets: ["q", "k", "v", "o", "up", "down"],
    promptDropout: 0,
    positionsAfterPrefix: false,
    head: "labelWords",
    lossOver: "labelWords",
  },
  strategy: { ...strategies.fedAra.defaults, targetRank: 3, warmupRounds: 1, cooldownRounds: 15 },
};

/** After it nothing more dies, and rounds are alike. */
const lastShrinking = 15;

const roster = [0, 1].map((id) => ({ id, numExamples: 40, isConnected: true }));

/** What a run of FedARA sends, round by round, and its server's step; a device's step on minuet is `shrinkSteps`. */
export async function shrinkRows(sizes: BackboneSizes = gpt2): Promise<BenchRow[]> {
  const strategy = createStrategy(run);
  const entries = tunedEntries(sizes, run.tuning, null);
  let state: StrategyState = strategy.init(run, tunedShape(entries), initialParams(entries, createRandom(1)));
  const [up, down]: [number[], number[]] = [[], []];
  let serverMs = 0;
  for (let round = 1; round <= lastShrinking + 1; round++) {
    const plan = planned(state);
    const [task] = plan.tasks;
    if (task === undefined) throw new Error("FedARA plans no round here");
    const { global: sent = {} } = taskParams(plan, task);
    const contributions = plan.tasks.map((one) => answered(one, round));
    up.push(upBytes(contributions[0]));
    down.push(encodeParams(sent, run.paramsEncoding).length);
    const before = state;
    if (round === 2) serverMs = median(await timeMs(3, () => strategy.aggregate(before, plan, contributions)));
    state = strategy.aggregate(before, plan, contributions);
  }
  const rounds = [1, 3, 5, 7, 9, 12, 16].map((round) => `${round}: ${megabytes(up[round - 1])}`).join(", ");
  const numSame = run.numRounds - up.length;
  const all = (bytes: readonly number[]) => bytes.reduce((sum, one) => sum + one, numSame * (bytes.at(-1) ?? 0));
  const least = (run.numRounds * ((up[0] ?? 0) + (down[0] ?? 0))) / (all(up) + all(down));
  return [
    { ...row("FedARA, up for a device, first round", (up[0] ?? 0) / 1e6, "MB"), note: "12 components of six matrices of GPT-2 small, f16" },
    { ...row("FedARA, up for a device, last round", (up.at(-1) ?? 0) / 1e6, "MB"), note: `3 of them on average; MB in round ${rounds}` },
    {
      ...row("FedARA, bytes without shrinking / with it", least, "×", { atLeast: 2.4 }),
      note: "both ways, 30 rounds, the target reached after 15; the publication says 2.40×, beside its baselines",
    },
    { ...row("FedARA, the server's step", serverMs, "ms"), note: "2 devices; mean, and which components stay" },
  ];
}

/** A device's step on minuet with every component, with what is left at the end, and while components are scored. */
export async function shrinkSteps(): Promise<BenchRow[]> {
  const urls = localUrls(join(projectFolder, "public"), run);
  const ports = { fetch: fetchFile, cache: noCache() };
  const trainer = createTrainer(ports);
  await trainer.start({ run, ...urls, backend: "wasm", threads: 1 }, () => undefined);
  const { config } = await loadBackbone({ ...ports, manifestUrl: urls.manifestUrl });
  const { classes } = findClassification(run.task, "a training step");
  const { entries } = tunedLayout(config, run.tuning, classes.length);
  const strategy = createStrategy(run);
  let state: StrategyState = strategy.init(run, tunedShape(entries), initialParams(entries, createRandom(1)));
  const first = planned(state);
  for (let round = 1; round <= lastShrinking; round++) {
    const plan = planned(state);
    state = strategy.aggregate(
      state,
      plan,
      plan.tasks.map((task) => answered(task, round)),
    );
  }
  const last = planned(state);
  const { numExamples } = await trainer.addDevice(0, { kind: "share", index: 0 });
  const times = { whole: [] as number[], scored: [] as number[], left: [] as number[] };
  for (let turn = 0; turn < 3; turn++) {
    times.whole.push(...(await stepsOf(trainer, first, { numExamples, isScoring: false })));
    times.scored.push(...(await stepsOf(trainer, first, { numExamples, isScoring: true })));
    times.left.push(...(await stepsOf(trainer, last, { numExamples, isScoring: false })));
  }
  await trainer.stop();
  const [whole, scored, left] = [times.whole, times.scored, times.left].map(median);
  return [
    { ...row("FedARA, a step with every component / with what is left", (whole ?? 0) / (left ?? 1), "×"), note: "minuet on one thread" },
    { ...row("FedARA, a step that scores / one that does not", (scored ?? 0) / (whole ?? 1), "×"), note: "values and gradients are read" },
  ];
}

async function stepsOf(
  trainer: Trainer,
  plan: RoundPlan,
  { numExamples, isScoring }: { readonly numExamples: number; readonly isScoring: boolean },
): Promise<number[]> {
  const [task] = plan.tasks;
  if (task?.spec.kind !== "train") throw new Error("FedARA plans no training here");
  const { scoresComponents: _, ...spec } = task.spec;
  const times: number[] = [];
  let before = performance.now();
  await trainer.compute(
    {
      deviceId: 0,
      stage: "train",
      round: plan.round,
      attempt: 1,
      spec: { ...spec, epochs: 1, ...(isScoring ? { scoresComponents: true } : {}) },
      parameterSets: { global: taskParams(plan, task).global ?? {} },
      expects: { ...task.expects, numExamples },
    },
    null,
    () => {
      const now = performance.now();
      times.push(now - before);
      before = now;
    },
  );
  return times.slice(1); // the first uploads what it reads
}

function planned(state: StrategyState): RoundPlan {
  const plan = createStrategy(run).plan(state, roster, createRandom(1), 1);
  if (!("tasks" in plan)) throw new Error("FedARA plans no round here");
  return plan;
}

/** A device that changes nothing, with scores from a seed. */
function answered({ deviceId, expects, spec }: PlannedTask, round: number): Contribution {
  const random = createRandom(3).stream({ round, device: deviceId, purpose: "scores" });
  const delta: Params = Object.fromEntries(
    Object.entries(expects.shapes).map(([name, shape]) => [name, createTensor(shape, new Float32Array(sizeOf(shape)).fill(0.001))]),
  );
  const scores = Object.entries(expects.shapes).flatMap(([name, [rank = 0]]) =>
    name.endsWith("/e") ? [[name, Array.from({ length: rank }, () => Number((1e-9 * random.uniform()).toPrecision(4)))] as const] : [],
  );
  const scored = spec.kind === "train" && spec.scoresComponents === true ? { componentScores: Object.fromEntries(scores) } : {};
  return { deviceId, numExamples: 40, body: { kind: "train", delta, numSteps: 5, firstLoss: 1.5, lastLoss: 1.25, ...scored } };
}

/** Tensors and header of a submission. */
function upBytes(contribution: Contribution | undefined): number {
  if (contribution?.body.kind !== "train") throw new Error("expected a training contribution");
  const { delta, ...header } = contribution.body;
  return encodeParams(delta, run.contributionEncoding).length + JSON.stringify({ taskId: "0".repeat(32), deviceId: 1, header }).length;
}

function megabytes(bytes: number | undefined): string {
  return ((bytes ?? 0) / 1e6).toFixed(2);
}
