import {
  accuracy,
  createStrategy,
  type DevicePool,
  type DeviceState,
  initialParams,
  presets,
  type RunSettings,
  runRounds,
  type StrategySummary,
  scale,
  tunedShape,
} from "@tutti/core";
import { beforeAll, expect, test } from "vitest";
import { startBackend } from "./backends.ts";
import { computeTask } from "./deviceTasks.ts";
import { tinyWorkplace } from "./testing/tinyWorkplace.ts";
import { trainerTask } from "./trainer.ts";

const run: RunSettings = {
  ...presets.demo,
  numDevices: 4,
  minDevices: 4,
  cohortSize: 3,
  numRounds: 6,
  evaluateEvery: 6,
  tuning: { ...presets.demo.tuning, promptTokens: 3, promptDropout: 0 },
  training: { ...presets.demo.training, localEpochs: 2, batchSize: 6, clientLearningRate: 0.02 },
  strategy: {
    ...presets.demo.strategy,
    countingRounds: 1,
    lanczosSteps: 3,
    probeDevices: 1,
    keepFraction: 0.34,
  } as RunSettings["strategy"],
};
const numExamples = 24;

beforeAll(async () => {
  await startBackend("wasm");
});

/** One task at a time, as in a tab. */
function queueOf(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const next = last.then(work);
    last = next;
    return next;
  };
}

/** A whole run in this process: real devices on the tiny backbone, whose train contributions are multiplied by `factor` on the way. */
async function train(factor: number): Promise<StrategySummary> {
  const place = tinyWorkplace(run, numExamples);
  const strategy = createStrategy(run);
  const queue = queueOf();
  const states = new Map<number, DeviceState | null>();
  const pool: DevicePool = {
    roster: () => [0, 1, 2, 3].map((id) => ({ id, numExamples, isConnected: true })),
    open: (plan) => ({
      close: () => undefined,
      async perform(planned) {
        const { deviceId } = planned;
        const task = trainerTask(plan, planned);
        const examples = place.examplesOf({ kind: "share", index: deviceId });
        const { body, state } = await queue(() => computeTask({ place, examples, task, state: states.get(deviceId) ?? null }));
        states.set(deviceId, state);
        const sent = body.kind === "train" ? { ...body, delta: scale(body.delta, factor) } : body;
        return { kind: "contributed", contribution: { deviceId, numExamples, body: sent } };
      },
    }),
    whenRosterChanges: () => new Promise(() => undefined),
  };
  const initial = initialParams(place.layout.entries, place.random);
  const state = strategy.init(run, tunedShape(place.layout.entries), initial);
  for await (const event of runRounds({ strategy, state, pool, random: place.random })) {
    if (event.kind === "done") return strategy.summary(event.state);
  }
  throw new Error("the run did not end");
}

const newcomerAccuracy = ({ evaluations }: StrategySummary) => {
  const result = evaluations.at(-1)?.results.find(({ protocol, split }) => protocol === "newcomer" && split === "test");
  return result !== undefined && "confusion" in result ? (accuracy(result.confusion) ?? 0) : 0;
};

test("sabotage: contributions of zeros lower the accuracy of what devices really train together", async () => {
  const [whole, zeroed] = [await train(1), await train(0)];
  expect(whole.selectedLayers).toHaveLength(1);
  expect(newcomerAccuracy(whole)).toBeGreaterThan(0.6);
  expect(newcomerAccuracy(zeroed)).toBeLessThan(newcomerAccuracy(whole) - 0.2);
});
