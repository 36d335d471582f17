import { describe, expect, test } from "vitest";
import type { PerturbSpec, SeedPoolSpec } from "../../forwardWork.ts";
import { taskParams } from "../../parameterSets.ts";
import { numValues, type Params } from "../../params.ts";
import { signAt } from "../../perturbation/signs.ts";
import { createRandom } from "../../random.ts";
import { runRounds } from "../../rounds.ts";
import type { Contribution, PlannedTask, RoundPlan } from "../../task.ts";
import { paramsOf as paramsFrom, planOf, rosterOf, testRun, testShape, valuesOf } from "../../testing/run.ts";
import { createSimulatedPool } from "../../testing/simulatedPool.ts";
import type { StrategyRun } from "../strategy.ts";
import { accumulatorsDigest, accumulatorTensors, inSteps, onGrid, putAccumulators } from "./accumulators.ts";
import { withinOthers } from "./claims.ts";
import { scalars } from "./decisions.ts";
import { fedKSeed } from "./index.ts";
import { createSeedReplica, type SeedReplica } from "./replica.ts";
import { drawPlaces, moveAtOnce, moveParams, seedPool, seedProbabilities } from "./seedPool.ts";
import type { FedKSeedSettings } from "./settings.ts";
import { accumulatorsOf, type FedKSeedState, paramsOf } from "./state.ts";

const random = createRandom(5);
const numExamples = [3, 1, 4, 2];
const start = { "prefix/0": [0.3, -0.7, 1.1], "prefix/1": [0.05, 0.5, -0.25] };

function runOf(strategy: Partial<FedKSeedSettings> = {}, changes: Parameters<typeof testRun>[0] = {}): StrategyRun<FedKSeedSettings> {
  const conditions = testRun({ numDevices: 4, minDevices: 4, cohortSize: 4, numRounds: 8, evaluateEvery: 8, ...changes });
  const training = { ...conditions.training, clientLearningRate: 2 ** -6 };
  return { ...conditions, training, strategy: { ...fedKSeed.defaults, numSeeds: 64, numSteps: 10, ...strategy } };
}

const started = (run: StrategyRun<FedKSeedSettings>, initial: Record<string, number[]> = start): FedKSeedState =>
  fedKSeed.init(run, testShape(2), paramsFrom(initial));

const specOf = ({ spec }: PlannedTask): PerturbSpec => spec as PerturbSpec;

/** What a device would say along each of its seeds. */
function answer(task: PlannedTask, value = (step: number) => Math.sin(step + 1) * (task.deviceId + 1)): Contribution {
  const data = Float32Array.from(specOf(task).places, (_, step) => value(step));
  const body = { kind: "perturb", delta: { [scalars]: { shape: [data.length], data } }, numSkipped: 0, firstLoss: 2, lastLoss: 1 } as const;
  return { deviceId: task.deviceId, numExamples: task.expects.numExamples, body };
}

const planned = (state: FedKSeedState, numDevices = 4): RoundPlan =>
  planOf(fedKSeed, state, rosterOf(numExamples.slice(0, numDevices)), random, 1);

function played(state: FedKSeedState, numRounds: number): FedKSeedState {
  let next = state;
  for (let round = 0; round < numRounds; round++) {
    const plan = planned(next);
    next = fedKSeed.aggregate(
      next,
      plan,
      plan.tasks.map((task) => answer(task)),
    );
  }
  return next;
}

const shapes = { "prefix/0": [3], "prefix/1": [3] };

/** The parameters that a client comes to with the sets that it asks for. */
async function followed(replica: SeedReplica, plan: RoundPlan, task: PlannedTask) {
  const all = taskParams(plan, task);
  const pooled = { shapes, pool: (task.spec as { pool: SeedPoolSpec }).pool };
  const names = replica.setsFor(pooled, Object.fromEntries(Object.entries(all).map(([name, set]) => [name, 4 * numValues(set)])));
  const replayed: string[] = [];
  const sets: Record<string, Params> = Object.fromEntries(names.map((name) => [name, all[name]]));
  const params = await replica.follow(pooled, sets, (done, of) => {
    replayed.push(`${done} of ${of}`);
  });
  return { names, values: valuesOf(params), replayed };
}

describe("a round", () => {
  test("moves the parameters by minus the rate times what devices found along each seed, weighted by their examples, as computed by hand", () => {
    const state = started(runOf({ numSteps: 3 }, { numDevices: 2, minDevices: 2, cohortSize: 2 }));
    const plan = planned(state, 2);
    const found = [
      [0.5, -1, 2],
      [1.5, 0.25, -0.75],
    ];
    const next = fedKSeed.aggregate(
      state,
      plan,
      plan.tasks.map((task) => answer(task, (step) => found[task.deviceId][step])),
    );
    const lengths = found.map((row) => Math.hypot(...row));
    const most = Math.min(...lengths); // of two devices only the shorter counts in full
    const expected = new Float64Array(64);
    for (const { deviceId, spec } of plan.tasks)
      for (const [step, place] of (spec as PerturbSpec).places.entries())
        expected[place] -= (2 ** -6 * [0.75, 0.25][deviceId] * found[deviceId][step] * most) / Math.max(most, lengths[deviceId]);
    const sums = accumulatorsOf(next);
    for (const [place, value] of expected.entries()) expect(sums[place] / 2 ** 20).toBeCloseTo(value, 6);
    const seeds = seedPool(createRandom(state.values.run.seed), 64);
    const byHand = [...start["prefix/0"], ...start["prefix/1"]].map((value, i) =>
      expected.reduce((sum, amount, place) => sum + amount * signAt(seeds[place], i), value),
    );
    const values = valuesOf(fedKSeed.globalParams(next));
    for (const [i, value] of [...values["prefix/0"], ...values["prefix/1"]].entries()) expect(value).toBeCloseTo(byHand[i], 4);
  });

  test("weighs devices alike where the setting says so", () => {
    const sumsBy = (deviceWeights: "examples" | "equal") => accumulatorsOf(played(started(runOf({ deviceWeights })), 1));
    expect(sumsBy("equal")).not.toEqual(sumsBy("examples"));
  });

  test("draws other seeds for each device, round and attempt, the same ones for the same", () => {
    const state = started(runOf());
    const places = (plan: RoundPlan) => plan.tasks.map((task) => specOf(task).places.join());
    expect(new Set(places(planned(state))).size).toBe(4);
    expect(places(planned(state))).toEqual(places(planned(state)));
    const again = planOf(fedKSeed, state, rosterOf(numExamples), random, 2);
    expect(places(again)).not.toEqual(places(planned(state)));
  });

  test("ends with an evaluation where one is due, whose parameters follow from the pool as well", async () => {
    const run = runOf({}, { numRounds: 2, evaluateEvery: 2 });
    expect(fedKSeed.schedule(run).map(({ round, spec }) => `${round} ${spec.kind}`)).toEqual(["1 perturb", "2 perturb", "2 evaluate"]);
    const state = played(started(run), 2);
    const plan = planned(state);
    expect(plan.tasks[0].spec.kind).toBe("evaluate");
    const { values } = await followed(createSeedReplica(run.seed), plan, plan.tasks[0]);
    expect(values).toEqual(valuesOf(paramsOf(state)));
  });
});

describe("a client that follows the run", () => {
  test("comes to the server's parameters bit for bit in every round, whatever rounds it has missed (systems-detail.md §8.6)", async () => {
    let state = started(runOf({}, { cohortSize: 2 }));
    const replicas = numExamples.map(() => createSeedReplica(state.values.run.seed));
    const ways = new Set<string>();
    for (let round = 1; round <= 7; round++) {
      const plan = planned(state);
      for (const task of plan.tasks) {
        const { names, values } = await followed(replicas[task.deviceId], plan, task);
        ways.add(names.join());
        expect(values).toEqual(valuesOf(paramsOf(state)));
      }
      state = fedKSeed.aggregate(
        state,
        plan,
        plan.tasks.map((task) => answer(task)),
      );
    }
    expect(ways).toEqual(new Set(["initial", "initial,accumulators", "changed"]));
  });

  test("replays what changed, and as a newcomer K seeds at most, of which it is told", async () => {
    const state = played(started(runOf({ numSteps: 200 })), 3);
    const plan = planned(state);
    const numMoved = accumulatorsOf(state).filter((sum) => sum !== 0).length;
    expect(numMoved).toBeGreaterThan(60); // of 64, with 2,400 steps
    const newcomer = await followed(createSeedReplica(state.values.run.seed), plan, plan.tasks[0]);
    expect(newcomer.replayed).toEqual([`${numMoved} of ${numMoved}`]);
    const replica = createSeedReplica(state.values.run.seed);
    await followed(replica, plan, plan.tasks[0]);
    expect((await followed(replica, plan, plan.tasks[1])).replayed).toEqual([]); // it is there
  });

  test("is told every part of a long replay, and begins again where it was stopped halfway", async () => {
    const params = { big: { shape: [2 ** 20], data: new Float32Array(2 ** 20) } };
    const heard: number[] = [];
    const movements = Array.from({ length: 130 }, (_, seed) => ({ seed, amount: 2 ** -10 }));
    await moveParams(params, movements, (numMoved) => {
      heard.push(numMoved);
    });
    expect(heard).toEqual([64, 128, 130]);
    const state = played(started(runOf()), 2);
    const [plan, replica] = [planned(state), createSeedReplica(state.values.run.seed)];
    const [task] = plan.tasks;
    const stop = () => Promise.reject(new Error("stopped"));
    await expect(replica.follow({ shapes, pool: specOf(task).pool }, taskParams(plan, task), stop)).rejects.toThrow("stopped");
    expect((await followed(replica, plan, task)).values).toEqual(valuesOf(paramsOf(state)));
  });

  test("refuses accumulators that are not the server's, and asks for the whole afterwards", async () => {
    const state = played(started(runOf()), 1);
    const plan = planned(state);
    const [task] = plan.tasks;
    const sets = taskParams(plan, task);
    const replica = createSeedReplica(state.values.run.seed);
    const wrong = { ...sets.accumulators, values: { ...sets.accumulators.values, data: sets.accumulators.values.data.map((v) => v + 1) } };
    await expect(replica.follow({ shapes, pool: specOf(task).pool }, { ...sets, accumulators: wrong })).rejects.toThrow(
      /are not the server's/,
    );
    expect((await followed(replica, plan, task)).names).toEqual(["initial", "accumulators"]);
  });

  test("knows parameters that begin at 0 without being sent them", async () => {
    const state = played(started(runOf(), { "prefix/0": [0, 0, 0], "prefix/1": [0, 0, 0] }), 1);
    const plan = planned(state);
    const { names, values } = await followed(createSeedReplica(state.values.run.seed), plan, plan.tasks[0]);
    expect(names).toEqual(["accumulators"]);
    expect(values).toEqual(valuesOf(paramsOf(state)));
  });
});

describe("accumulators", () => {
  test("travel as a mask of 24 bits a value and the values that changed, and come back", () => {
    const sums = Float32Array.from({ length: 60 }, (_, place) => (place % 7 === 3 ? place * 1000 - 9000 : 0));
    const places = [...sums.keys()].filter((place) => sums[place] !== 0);
    const sent = accumulatorTensors(sums, places) as Params;
    expect([sent.mask.shape, sent.values.shape]).toEqual([[3], [places.length]]);
    expect(sent.mask.data[0]).toBe(2 ** 3 + 2 ** 10 + 2 ** 17); // 3, 10 and 17 of the first 24
    const back = new Float32Array(60);
    putAccumulators(back, sent);
    expect(back).toEqual(sums);
    expect(accumulatorTensors(sums, [])).toBeNull();
    expect(() => putAccumulators(new Float32Array(80), sent)).toThrow(/accumulators of 80 seeds: a mask of 3 values/);
    expect(() => putAccumulators(back, { ...sent, values: { shape: [1], data: Float32Array.of(7) } })).toThrow(/the value undefined/);
    const half = sent.values.data.map((value) => value + 0.5);
    expect(() => putAccumulators(back, { ...sent, values: { ...sent.values, data: half } })).toThrow(/the value -5999.5 at 3/);
  });

  test("of a round of 6 devices and 200 steps take less than 5 kB of 4,096 seeds, and all of them 17 kB", () => {
    const stream = random.stream({ purpose: "test" });
    const sums = new Float32Array(4096);
    for (let step = 0; step < 1200; step++) sums[stream.integer(4096)] += 1;
    const bytes = (places: number[]) => 4 * numValues(accumulatorTensors(sums, places) as Params);
    expect(bytes([...sums.keys()].filter((place) => sums[place] !== 0))).toBeLessThan(5000);
    expect(bytes([...sums.keys()])).toBe(4 * (4096 + 171));
  });

  test("have a digest that any of them changes", () => {
    const sums = Float32Array.of(1, 0, -3);
    expect(accumulatorsDigest(sums)).toMatch(/^[0-9a-f]{16}$/);
    expect(accumulatorsDigest(Float32Array.of(1, 0, -2))).not.toBe(accumulatorsDigest(sums));
  });

  test("are whole steps of the grid, within what f32 holds exactly", () => {
    expect([inSteps(0.3, 10), inSteps(-0.0004, 10), inSteps(1e9, 20)]).toEqual([307, 0, 2 ** 24 - 1]);
    expect(onGrid(Float32Array.of(0.3, -0.7), 10)).toEqual(Float32Array.of(307 / 1024, -717 / 1024));
  });
});

describe("movements on the grid", () => {
  test("add up to the same bits in any order, and are taken back exactly (systems-detail.md §8.6)", () => {
    const from = () => ({
      w: {
        shape: [100],
        data: onGrid(
          Float32Array.from({ length: 100 }, (_, i) => Math.sin(i)),
          20,
        ),
      },
    });
    const movements = Array.from({ length: 40 }, (_, seed) => ({ seed, amount: inSteps(Math.cos(seed) / 50, 20) / 2 ** 20 }));
    const [forwards, backwards] = [from(), from()];
    moveAtOnce(forwards, movements);
    moveAtOnce(backwards, [...movements].reverse());
    expect(forwards).toEqual(backwards);
    expect(forwards).not.toEqual(from());
    moveAtOnce(
      forwards,
      movements.map(({ seed, amount }) => ({ seed, amount: -amount })),
    );
    expect(forwards).toEqual(from());
  });
});

describe("FedKSeed-Pro's probabilities", () => {
  test("are the softmax of mean magnitudes between least and most, with a 0 at the beginning of each history", () => {
    // means 4/(1+1) = 2, 0, 6/(2+1) = 2 and 1/(1+1) = 0.5: between 0 and 2 they are 1, 0, 1 and 0.25
    const found = seedProbabilities(Float32Array.of(4, 0, 6, 1), Float32Array.of(1, 0, 2, 1));
    const weights = [Math.E, 1, Math.E, Math.exp(0.25)];
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    for (const [place, weight] of weights.entries()) expect(found[place]).toBeCloseTo(weight / total, 14);
    expect([...seedProbabilities(new Float32Array(4), new Float32Array(4))]).toEqual([0.25, 0.25, 0.25, 0.25]);
  });

  test("decide which seeds are drawn, and the likeliest is e times as likely as the least", () => {
    const drawn = new Float64Array(4);
    const probabilities = seedProbabilities(Float32Array.of(4, 0, 6, 1), Float32Array.of(1, 0, 2, 1));
    for (const place of drawPlaces(random.stream({ purpose: "pro" }), 20_000, probabilities)) drawn[place] += 1 / 20_000;
    // a standard deviation is √(p (1 − p) / 20,000), 0.0035 at most
    for (const [place, share] of drawn.entries()) expect(Math.abs(share - probabilities[place])).toBeLessThan(0.014);
    expect(drawn[0] / drawn[1]).toBeCloseTo(Math.E, 0);
  });

  test("come from a run's own scalars where its setting says so", () => {
    const places = (state: FedKSeedState) => planned(state).tasks.map((task) => specOf(task).places.join());
    const [uniform, history] = (["uniform", "history"] as const).map((seedProbabilities) =>
      played(started(runOf({ seedProbabilities })), 2),
    );
    expect(places(history)).not.toEqual(places(uniform));
    const { data: counts } = uniform.tensors["pool/counts"];
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(2 * 4 * 10);
  });
});

describe("claims", () => {
  test("of a quarter of the devices are no longer than what the others say (P-222)", () => {
    const long = Float32Array.of(300, -400);
    const others = [Float32Array.of(3, 4), Float32Array.of(0, 2), Float32Array.of(6, -8)];
    const [bad, ...rest] = withinOthers([long, ...others]);
    expect(bad).toEqual(Float32Array.of(6, -8));
    expect(rest).toEqual(others);
    expect(withinOthers([long])).toEqual([long]);
    expect(withinOthers([new Float32Array(2), new Float32Array(2)])).toEqual([new Float32Array(2), new Float32Array(2)]);
  });

  test("of the worst device do not take the model further than an honest one's would", () => {
    const moved = (value: (task: PlannedTask) => (step: number) => number) => {
      const state = started(runOf({ deviceWeights: "equal" }));
      const plan = planned(state);
      return accumulatorsOf(
        fedKSeed.aggregate(
          state,
          plan,
          plan.tasks.map((task) => answer(task, value(task))),
        ),
      );
    };
    const honest = moved(() => () => 1);
    const attacked = moved(
      ({ deviceId }) =>
        () =>
          deviceId === 2 ? 1000 : 1,
    );
    expect(attacked).toEqual(honest);
  });
});

test("a run takes the steps of its schedule, and a state that was stored goes on with the same plan", async () => {
  const run = runOf({}, { numRounds: 3, evaluateEvery: 2 });
  const taken: string[] = [];
  const answers = (_: RoundPlan, task: PlannedTask) => ({
    kind: "contributed" as const,
    contribution:
      task.spec.kind === "perturb"
        ? answer(task)
        : { deviceId: task.deviceId, numExamples: 3, body: { kind: "evaluate" as const, results: [] } },
  });
  const pool = createSimulatedPool(rosterOf(numExamples), answers);
  for await (const event of runRounds({ strategy: fedKSeed, state: started(run), pool, random })) {
    if (event.kind !== "closed") continue;
    taken.push(`${event.plan.round}.${event.plan.step} ${event.plan.tasks[0].spec.kind} ${event.plan.tasks.length}`);
    const values = JSON.parse(JSON.stringify(event.state.values)) as FedKSeedState["values"];
    const stored = { ...event.state, values } as FedKSeedState;
    if (!values.position.isDone) expect(planned(stored)).toEqual(planned(event.state as FedKSeedState));
  }
  expect(taken).toEqual(fedKSeed.schedule(run).map(({ round, step, spec, numDevices }) => `${round}.${step} ${spec.kind} ${numDevices}`));
  expect(taken).toEqual(["1.1 perturb 4", "2.1 perturb 4", "2.2 evaluate 4", "3.1 perturb 4", "3.2 evaluate 4"]);
});

test("a device that is forgotten leaves no version, and is a newcomer again", () => {
  const state = played(started(runOf()), 1);
  expect(state.values.lastVersions).toEqual({ 0: 0, 1: 0, 2: 0, 3: 0 });
  const without = fedKSeed.forget?.(state, 2, 4) as FedKSeedState;
  expect(without.values.lastVersions).toEqual({ 0: 0, 1: 0, 3: 0 });
  expect(Object.keys(planned(without).tasks.find(({ deviceId }) => deviceId === 2)?.parameterSets ?? {})).toEqual([
    "initial",
    "accumulators",
  ]);
  expect(fedKSeed.forget?.(without, 2, 4)).toBe(without);
});

test("another run goes on from a round with the same pool, and with no other", () => {
  const state = played(started(runOf()), 2);
  const next = fedKSeed.branch?.(state, runOf({ numSteps: 5 }, { numRounds: 9 }), 2) as FedKSeedState;
  expect(valuesOf(paramsOf(next))).toEqual(valuesOf(paramsOf(state)));
  expect(planned(next).round).toBe(3);
  expect(() => fedKSeed.branch?.(state, runOf({ numSeeds: 32 }), 2)).toThrow(/strategy.numSeeds/);
});
