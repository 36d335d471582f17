import * as tf from "@tensorflow/tfjs";
import {
  createStrategy,
  type DevicePool,
  type DeviceState,
  type EvaluationResult,
  initialParams,
  type MethodName,
  methods,
  numCounted,
  presets,
  type RunSettings,
  runRounds,
  type StrategyState,
  tunedShape,
} from "@tutti/core";
import { beforeAll, expect, test } from "vitest";
import { startBackend } from "./backends.ts";
import { computeTask } from "./deviceTasks.ts";
import { tinyWorkplace } from "./testing/tinyWorkplace.ts";
import { trainerTask } from "./trainer.ts";

const [numDevices, numExamples, numRounds] = [4, 24, 4];
const base: RunSettings = {
  ...presets.demo,
  numDevices,
  minDevices: numDevices,
  cohortSize: 3,
  numRounds,
  evaluateEvery: 2,
  tuning: { ...presets.demo.tuning, promptTokens: 3, promptDropout: 0 },
  training: { ...presets.demo.training, localEpochs: 2, batchSize: 6 },
};

beforeAll(async () => {
  await startBackend("wasm");
});

/** A whole run of four devices on the tiny backbone: its last state, every train step's mean first loss, and whether corrections were sent. */
async function federate(run: RunSettings): Promise<{ state: StrategyState; losses: number[]; numCorrected: number }> {
  const place = tinyWorkplace(run, numExamples);
  const states = new Map<number, DeviceState | null>();
  const losses: number[] = [];
  let numCorrected = 0;
  let last: Promise<unknown> = Promise.resolve();
  const pool: DevicePool = {
    roster: () => Array.from({ length: run.numDevices }, (_, id) => ({ id, numExamples, isConnected: true })),
    open: (plan) => ({
      close: () => undefined,
      perform(planned) {
        const { deviceId, parameterSets } = planned;
        const examples = place.examplesOf({ kind: "share", index: deviceId });
        if ("correction" in parameterSets) numCorrected += 1;
        const task = trainerTask(plan, planned);
        const contribute = async () => {
          const { body, state } = await computeTask({ place, examples, task, state: states.get(deviceId) ?? null });
          states.set(deviceId, state);
          return { kind: "contributed", contribution: { deviceId, numExamples, body } } as const;
        };
        const next = last.then(contribute); // one task at a time, as in a tab
        last = next;
        return next;
      },
    }),
    whenRosterChanges: () => new Promise(() => undefined),
  };
  const strategy = createStrategy(run);
  const { entries } = place.layout;
  let state: StrategyState = strategy.init(run, tunedShape(entries), initialParams(entries, place.random));
  for await (const event of runRounds({ strategy, state, pool, random: place.random })) {
    if (event.kind !== "closed") continue;
    state = event.state;
    const first = event.contributions.flatMap(({ body }) => (body.kind === "train" ? [body.firstLoss] : []));
    if (first.length > 0) losses.push(first.reduce((sum, loss) => sum + loss, 0) / first.length);
  }
  place.transformer.dispose();
  return { state, losses, numCorrected };
}

/** The device rate that suits each on the tiny backbone; plain gradients of norm 1 at most need longer steps than Adam's. */
const cases: readonly (readonly [MethodName, number])[] = [
  ["momD", 0.1],
  ["momSAdamD", 0.02],
  ["fedProx", 0.02],
  ["scaffold", 0.5],
  ["fedAdam", 0.02],
  ["fedYogi", 0.02],
  ["local", 0.02],
  ["pooled", 0.02],
  ["pTuningV2FineTuned", 0.02],
];

test.each(cases)("%s learns with real devices, and leaves no tensor", async (name, clientLearningRate) => {
  const run = methods[name].settings({ ...base, training: { ...base.training, clientLearningRate } });
  const { state, losses, numCorrected } = await federate(run);
  expect(tf.memory().numTensors).toBe(0);
  expect(losses).toHaveLength(name === "pTuningV2FineTuned" ? numRounds + 1 : numRounds);
  expect(numCorrected).toBe(name === "scaffold" ? 3 * (numRounds - 1) : 0);
  const { evaluations, isDone } = createStrategy(run).summary(state);
  expect([isDone, evaluations.length]).toEqual([true, 2]);
  const lossOf = (results: readonly EvaluationResult[] = [], protocol: string) => {
    const result = results.find((one) => one.protocol === protocol && one.split === "test");
    return result === undefined || "text" in result ? Number.NaN : result.lossSum / numCounted(result.confusion);
  };
  const [first, last] = evaluations;
  if (name === "local") expect(lossOf(last?.results, "personalised")).toBeLessThan(lossOf(last?.results, "newcomer"));
  else expect(losses[numRounds - 1]).toBeLessThan(losses[0] ?? 0);
  if (name === "pTuningV2FineTuned") expect(lossOf(last?.results, "personalised")).not.toBe(lossOf(first?.results, "personalised"));
});
