import { createRandom, createStrategy, type Params, presets, type RunSettings, type StrategyState, slopes, strategies } from "@tutti/core";
import { encodeParams } from "@tutti/protocol";
import { type BenchRow, median, row, timeMs } from "../rows.ts";

const [numDirections, numDevices, numLayers] = [64, 10, 12];

const run: RunSettings = {
  ...presets.default,
  numDevices,
  minDevices: numDevices,
  cohortSize: numDevices,
  strategy: { ...strategies.fedAvg.defaults, forwardTier: { numDirections, perturbation: 0.01, maxExamples: 64 } },
};

/** Of GPT-2 small: a prefix of 20 tokens in every layer. */
const size = 2 * 20 * 768;

/** What a device sends that computes forward passes alone, and what the server makes of it in a round where half of ten devices do. */
export async function measuringRows(): Promise<BenchRow[]> {
  const strategy = createStrategy(run);
  const names = Array.from({ length: numLayers }, (_, layer) => `prefix/${layer}`);
  const random = createRandom(1).stream({ purpose: "values" });
  const values = (deviation: number): Params =>
    Object.fromEntries(
      names.map((name) => [name, { shape: [size], data: Float32Array.from({ length: size }, () => deviation * random.uniform()) }]),
    );
  const state: StrategyState = strategy.init(run, { numLayers, layerNames: names.map((name) => [name]), alwaysShared: [] }, values(0.02));
  const roster = Array.from({ length: numDevices }, (_, id) => ({
    ...{ id, numExamples: 40, isConnected: true },
    ...(id % 2 === 0 ? { isForwardOnly: true as const } : {}),
  }));
  const plan = strategy.plan(state, roster, createRandom(1), 1);
  if (!("tasks" in plan)) throw new Error("no round is planned here");
  const answers = plan.tasks.map(({ deviceId, expects }) => {
    const measured = {
      [slopes]: { shape: [numDirections], data: Float32Array.from({ length: numDirections }, () => random.uniform() - 0.5) },
    };
    const delta = expects.shapes[slopes] === undefined ? values(0.01) : measured;
    return { deviceId, numExamples: 40, body: { kind: "train", delta, numSteps: numDirections, firstLoss: 1, lastLoss: 1 } } as const;
  });
  const bytesOf = (isMeasured: boolean) => {
    const at = plan.tasks.findIndex(({ expects }) => (expects.shapes[slopes] !== undefined) === isMeasured);
    return encodeParams(answers[at]?.body.delta ?? {}, plan.tasks[at]?.expects.encoding ?? "f32").length;
  };
  const serverMs = median(await timeMs(1, () => strategy.aggregate(state, plan, answers)));
  return [
    {
      ...row("forward passes alone, up for a device and round", bytesOf(true) / 1000, "kB", { atMost: 1 }),
      note: `${numDirections} slopes in f32`,
    },
    {
      ...row("the same round, up for a gradient device", bytesOf(false) / 1000, "kB"),
      note: "a prefix of 20 tokens in GPT-2 small, in f16",
    },
    {
      ...row("forward passes alone, the server's step", serverMs, "ms"),
      note: `5 of ${numDevices} devices measure ${numLayers * size} values`,
    },
  ];
}
