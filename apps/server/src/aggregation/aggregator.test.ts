import {
  type Contribution,
  createRandom,
  createStrategy,
  type Params,
  type RoundPlan,
  type RunSettings,
  type Strategy,
  type StrategyState,
  strategies,
} from "@tutti/core";
import { expect, test } from "vitest";
import { createScene } from "../testing/scene.ts";
import { tinyFedAvg } from "../testing/tinyRun.ts";
import { type TunedParameters, tunedParameters } from "../tuned.ts";
import { createAggregator } from "./aggregator.ts";

const lora = {
  method: "lora",
  rank: 4,
  alpha: 8,
  promptDropout: 0,
  positionsAfterPrefix: false,
  head: "linear",
  lossOver: "labelWords",
} as const;

type Name = "flexLora" | "raFLora" | "fedExLora" | "fLora" | "sLora";
const names: readonly Name[] = ["flexLora", "raFLora", "fedExLora", "fLora", "sLora"];

const runOf = (name: Name, tuning: object = lora): RunSettings => {
  const base = tinyFedAvg({ numRounds: 3, evaluateEvery: 3 });
  return {
    ...base,
    tuning: tuning as RunSettings["tuning"],
    training: { ...base.training, resetMoments: true },
    strategy: { ...strategies[name].defaults, ...(name === "sLora" ? { sparseRounds: 1 } : {}) } as RunSettings["strategy"],
  };
};

const tunedOf = (run: RunSettings, width: number): TunedParameters =>
  tunedParameters(run, { numLayers: 3, hiddenSize: width, keyValueWidth: width }, 3);

/** A thread reads the project's TypeScript first. */
const longer = { timeout: 60_000 };

/** A state with a plan, and what its devices send. */
interface Step {
  readonly state: StrategyState;
  readonly plan: RoundPlan;
  readonly contributions: readonly Contribution[];
}

function stepOf(strategy: Strategy, state: StrategyState, seed: number): Step {
  const roster = Array.from({ length: 4 }, (_, id) => ({ id, numExamples: 2 + id, isConnected: true }));
  const plan = strategy.plan(state, roster, createRandom(7), 1);
  if (!("tasks" in plan)) throw new Error("a step is planned");
  const random = createRandom(seed).stream({ purpose: "test" });
  const contributions = plan.tasks.map(({ deviceId, expects }): Contribution => {
    const delta = Object.fromEntries(
      Object.entries(expects.shapes).map(([name, shape]): [string, Params[string]] => {
        const data = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => 0.1 * random.normal());
        return [name, { shape, data }];
      }),
    );
    return { deviceId, numExamples: 2 + deviceId, body: { kind: "train", delta, numSteps: 3, firstLoss: 1.5, lastLoss: 1.25 } };
  });
  return { state, plan, contributions };
}

test.each(names)(
  "%s: a step in a thread has the same bits as one here, and what it leaves alone stays the same object",
  longer,
  async (name) => {
    const run = runOf(name);
    const strategy = createStrategy(run);
    const tuned = tunedOf(run, 64);
    const { signal } = new AbortController();
    const inThread = createAggregator({ run, strategy, threadFrom: 0, signal });
    let state = strategy.init(run, tuned.shape, tuned.initial);
    for (const seed of name === "fedExLora" ? [1, 2] : [1]) {
      const step = stepOf(strategy, state, seed);
      const here = strategy.aggregate(step.state, step.plan, step.contributions);
      const there = await inThread(step.state, step.plan, step.contributions);
      expect(there).toEqual(here);
      expect(Object.keys(there.tensors)).toEqual(Object.keys(here.tensors));
      const kept = (after: StrategyState) => Object.keys(after.tensors).filter((one) => after.tensors[one] === step.state.tensors[one]);
      expect(kept(there)).toEqual(kept(here));
      if (seed === 2 && name === "fedExLora") expect(kept(there).length).toBeGreaterThan(0); // the first round's residual
      state = there;
    }
  },
);

/** A step with memory under a rule, for FedPepTAO without scoring and counting, SCAFFOLD, and plain averaging; `npm run torture` goes through all rules. */
const ruled = [
  [{ name: "geometricMedian" }, { ...strategies.fedPepTao.defaults, selector: "all", countingRounds: 0, keepFraction: 1 }],
  [{ name: "multiKrum", numByzantine: 0 }, strategies.scaffold.defaults],
  [{ name: "centredClipping", radius: 1, numSteps: 3 }, strategies.fedAvg.defaults],
] as const;

test.each(ruled)("P-130: under $name a step in a thread has the same bits as one here", longer, async (aggregation, own) => {
  const base = tinyFedAvg({ numRounds: 3, evaluateEvery: 3, numDevices: 4, cohortSize: 4, quorum: 1 });
  const training = own.name === "scaffold" ? { ...base.training, optimizer: "sgd" as const } : base.training;
  const run: RunSettings = { ...base, training, aggregation, strategy: own };
  const strategy = createStrategy(run);
  const tuned = tunedOf(run, 16);
  const first = stepOf(strategy, strategy.init(run, tuned.shape, tuned.initial), 1);
  const second = stepOf(strategy, strategy.aggregate(first.state, first.plan, first.contributions), 2);
  const inThread = createAggregator({ run, strategy, threadFrom: 0, signal: new AbortController().signal });
  const here = strategy.aggregate(second.state, second.plan, second.contributions);
  expect(await inThread(second.state, second.plan, second.contributions)).toEqual(here);
});

test("a large merge leaves this thread also where the method has a step more for its report", longer, async () => {
  const run = runOf("flexLora");
  const method = createStrategy(run);
  const seen: string[] = [];
  const strategy: Strategy = {
    ...method,
    aggregate(...inputs) {
      seen.push("here");
      return method.aggregate(...inputs);
    },
  };
  const step = stepOf(method, method.init(run, tunedOf(run, 40).shape, tunedOf(run, 40).initial), 1);
  const { signal } = new AbortController();
  const there = await createAggregator({ run, strategy, method, threadFrom: 0, signal })(step.state, step.plan, step.contributions);
  expect(seen).toEqual([]);
  expect(there).toEqual(method.aggregate(step.state, step.plan, step.contributions));
});

test("a small step and one of somebody else's strategy run here", async () => {
  const run = runOf("flexLora");
  const { signal } = new AbortController();
  const seen: string[] = [];
  const watched = (own: RunSettings): Strategy => {
    const strategy = createStrategy(own);
    return {
      ...strategy,
      aggregate(...inputs) {
        seen.push(own.strategy.name);
        return strategy.aggregate(...inputs);
      },
    };
  };
  const strategy = watched(run);
  const step = stepOf(strategy, strategy.init(run, tunedOf(run, 40).shape, tunedOf(run, 40).initial), 1);
  await createAggregator({ run, strategy, threadFrom: 0, signal })(step.state, step.plan, step.contributions); // not the declared one
  expect(seen).toEqual(["flexLora"]);
  const averaging = { ...run, strategy: { name: "fedAvg", fineTuneEpochs: 0 } } as RunSettings;
  const fedAvg = createStrategy(averaging);
  const other = stepOf(fedAvg, fedAvg.init(averaging, tunedOf(run, 40).shape, tunedOf(run, 40).initial), 1);
  const here = createAggregator({ run: averaging, strategy: fedAvg, signal })(other.state, other.plan, other.contributions);
  expect(here).toEqual(fedAvg.aggregate(other.state, other.plan, other.contributions)); // at once: not a promise
});

test("an aborted merge ends at once and changes nothing, and a thread that fails is told with its reason", longer, async () => {
  const run = runOf("flexLora");
  const strategy = createStrategy(run);
  const tuned = tunedOf(run, 40);
  const step = stepOf(strategy, strategy.init(run, tuned.shape, tuned.initial), 1);
  const abort = new AbortController();
  const merging = createAggregator({ run, strategy, threadFrom: 0, signal: abort.signal })(step.state, step.plan, step.contributions);
  abort.abort();
  expect(await merging).toBe(step.state);
  const broken = step.contributions.map((one) => (one.body.kind === "train" ? { ...one, numExamples: Number.NaN } : one));
  const failing = createAggregator({ run, strategy, threadFrom: 0, signal: new AbortController().signal });
  await expect(failing(step.state, step.plan, broken)).rejects.toThrow("train round 1: the merge failed: ");
});

const scene = createScene();

/** Answers of the coordinator between the moment that the first step's contributions are in and its state. */
async function answersDuringMerge(threadFrom: number): Promise<{ numAnswers: number; parametersSha256: string }> {
  const run = { ...runOf("flexLora", { ...lora, rank: 24 }), numRounds: 1, evaluateEvery: 1 };
  const coordinator = await scene.start(run, { expectedClients: 2 }, { tuned: tunedOf(run, 400), threadFrom });
  let isMerging = false;
  let numAnswers = 0;
  coordinator.subscribe(({ kind }) => {
    if (kind === "closing" || kind === "closed") isMerging = kind === "closing";
  });
  const begins = coordinator.when("closing");
  for (const name of ["a", "b"]) scene.join(coordinator, name);
  await begins;
  const late = isMerging ? scene.join(coordinator, "late") : null; // over its socket
  void late?.when("welcome").then(() => {
    if (isMerging) numAnswers += 1000;
  });
  while (isMerging) {
    await fetch(`${coordinator.url}/api/status`).then((response) => response.arrayBuffer());
    if (isMerging) numAnswers += 1;
  }
  const { parametersSha256 } = await coordinator.whenDone();
  return { numAnswers, parametersSha256 };
}

test(
  "the coordinator answers during a large merge, and heartbeats go on; merged here it answers next to nothing, and the numbers are the same",
  longer,
  async () => {
    const there = await answersDuringMerge(0);
    const here = await answersDuringMerge(Number.POSITIVE_INFINITY);
    expect(here.numAnswers).toBeLessThan(5); // while the next tasks leave, before the step's end is told
    expect(there.numAnswers).toBeGreaterThan(1003); // a client's hello among them
    expect(there.parametersSha256).toBe(here.parametersSha256);
  },
);
