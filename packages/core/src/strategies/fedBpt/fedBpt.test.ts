import { expect, test } from "vitest";
import { numJudgedPoints, searchLocally } from "../../cmaEs/localSearch.ts";
import { type SearchState, startSearch } from "../../cmaEs/search.ts";
import { searchDigest, searchOf, searchTensors } from "../../cmaEs/searchTensors.ts";
import { roundTrip } from "../../encoding.ts";
import type { SearchSpec } from "../../forwardWork.ts";
import { taskParams } from "../../parameterSets.ts";
import { maxMagnitude, numValues, type Params } from "../../params.ts";
import { createRandom } from "../../random.ts";
import { runRounds } from "../../rounds.ts";
import type { Contribution, Device, PlannedTask, RoundPlan } from "../../task.ts";
import { planOf, rosterOf, testRun } from "../../testing/run.ts";
import { createSimulatedPool } from "../../testing/simulatedPool.ts";
import { commonDefaults } from "../../tunings/declaration.ts";
import { tunings } from "../../tunings/table.ts";
import type { StrategyRun } from "../strategy.ts";
import { fedBpt } from "./index.ts";
import { createSearchReplica, type SearchReplica, type SearchTask } from "./replica.ts";
import type { FedBptSettings } from "./settings.ts";
import { type FedBptState, searchIn } from "./state.ts";
import { afterRound, correctedStepSize, withinOthers } from "./toldRound.ts";

const random = createRandom(5);

function runOf(
  dimension: number,
  strategy: Partial<FedBptSettings> = {},
  changes: Parameters<typeof testRun>[0] = {},
): StrategyRun<FedBptSettings> {
  const tuning = { ...commonDefaults, ...tunings.projectedPrompt.defaults, dimension, head: "labelWords" } as const;
  const conditions = testRun({ numDevices: 4, minDevices: 4, cohortSize: 4, numRounds: 30, evaluateEvery: 30, ...changes });
  return { ...conditions, tuning, strategy: { ...fedBpt.defaults, ...strategy } };
}

const started = (run: StrategyRun<FedBptSettings>, z?: readonly number[]): FedBptState => {
  const size = run.tuning.method === "projectedPrompt" ? run.tuning.dimension : 0;
  const start = { z: { shape: [size], data: Float32Array.from(z ?? new Array<number>(size).fill(0)) } };
  return fedBpt.init(run, { numLayers: 0, layerNames: [], alwaysShared: ["z"] }, start);
};

const taskOf = ({ round }: RoundPlan, { spec, expects }: PlannedTask): SearchTask => ({
  round,
  size: expects.shapes.z[0],
  spec: spec as SearchSpec,
});

/** The search that a client comes to with the sets that it asks for, and the bytes that it fetches. */
function fetched(
  replica: SearchReplica,
  plan: RoundPlan,
  task: PlannedTask,
): { search: SearchState; sets: readonly string[]; values: number } {
  const all = taskParams(plan, task);
  const sizes = Object.fromEntries(Object.entries(all).map(([name, params]) => [name, 4 * numValues(params)]));
  const sets = replica.setsFor(taskOf(plan, task), sizes);
  const wanted = Object.fromEntries(sets.map((name) => [name, all[name]]));
  return { search: replica.follow(taskOf(plan, task), wanted), sets, values: sets.reduce((sum, name) => sum + numValues(all[name]), 0) };
}

/** A device that searches ‖z − target‖² by itself. */
async function contributed(plan: RoundPlan, task: PlannedTask, search: SearchState): Promise<Contribution> {
  const { deviceId, spec } = task;
  const { stage, round, attempt } = plan;
  const target = Array.from(search.mean, (_, i) => 1 + Math.sin(i) + 0.2 * Math.cos(deviceId + i));
  const { displacement, fitness, stepSize } = await searchLocally(search, {
    ...(spec as SearchSpec),
    random: random.stream({ stage, round, attempt, device: deviceId, purpose: "candidates" }),
    evaluate: async (z) => z.reduce((sum, value, i) => sum + (value - target[i]) ** 2, 0),
  });
  const delta = roundTrip({ z: { shape: [displacement.length], data: Float32Array.from(displacement) } }, task.expects.encoding);
  return { deviceId, numExamples: 3, body: { kind: "search", delta, fitness, stepSize } };
}

/** A made-up answer: a step along a coordinate of the device's own, of which devices with lower numbers think better. */
function answer(task: PlannedTask, length = 1): Contribution {
  const data = new Float32Array(task.expects.shapes.z[0]);
  data[task.deviceId % data.length] = length;
  return {
    deviceId: task.deviceId,
    numExamples: 3,
    body: { kind: "search", delta: { z: { shape: [data.length], data } }, fitness: task.deviceId / 8, stepSize: 0.75 },
  };
}

const roster = (count: number): Device[] => rosterOf(new Array<number>(count).fill(3));

function played(state: FedBptState, numRounds: number, devices: readonly Device[]): FedBptState {
  let next = state;
  for (let round = 0; round < numRounds; round++) {
    const plan = planOf(fedBpt, next, devices, random, 1);
    next = fedBpt.aggregate(
      next,
      plan,
      plan.tasks.map((task) => answer(task)),
    );
  }
  return next;
}

test.each(["full", "diagonal"] as const)(
  "devices with a %s covariance find the middle of their minima, each from the search that it follows by itself",
  async (covariance) => {
    const run = runOf(6, { covariance }, { contributionEncoding: "f16" });
    const replicas = Array.from({ length: 4 }, createSearchReplica);
    let state = started(run);
    for (let round = 1; round <= 30; round++) {
      const plan = planOf(fedBpt, state, roster(4), random, 1);
      const sent = await Promise.all(
        plan.tasks.map((task) => contributed(plan, task, fetched(replicas[task.deviceId], plan, task).search)),
      );
      state = fedBpt.aggregate(state, plan, sent);
    }
    const { z } = fedBpt.globalParams(state);
    const meanOfTargets = Array.from(
      z.data,
      (_, i) => 1 + Math.sin(i) + 0.05 * [0, 1, 2, 3].reduce((sum, device) => sum + Math.cos(device + i), 0),
    );
    const distance = Math.hypot(...z.data.map((value, i) => value - meanOfTargets[i]));
    expect(distance).toBeLessThan(0.35); // from 2.9 at the start; single minima lie about 0.35 from the middle
  },
);

test("a client follows the server's search bit for bit, in every round, whatever rounds it has missed", () => {
  let state = started(runOf(7, {}, { numDevices: 9, cohortSize: 3 }));
  const replicas = Array.from({ length: 9 }, createSearchReplica);
  const ways = new Set<string>();
  for (let round = 1; round <= 12; round++) {
    const plan = planOf(fedBpt, state, roster(9), random, 1);
    for (const task of plan.tasks) {
      const { search, sets } = fetched(replicas[task.deviceId], plan, task);
      ways.add(sets.join());
      expect(searchTensors(search)).toEqual(searchTensors(searchIn(state)));
    }
    state = fedBpt.aggregate(
      state,
      plan,
      plan.tasks.map((task) => answer(task, round / 4)),
    );
  }
  expect(ways).toEqual(new Set(["", "told", "search"])); // as it began, told what it missed, or the whole
});

test("who missed rounds is told them while they are fewer values than the whole search, and then gets that", () => {
  const whole = 7 * 4 + 3 * 7 + 2;
  const perRound = 2 * 9; // two devices: a move of 7, a fitness and a step size each
  const seen: number[] = [];
  for (let missed = 0; missed <= 4; missed++) {
    const state = played(started(runOf(7, {}, { numDevices: 3, minDevices: 2, cohortSize: 2 })), 1, roster(3));
    const replica = createSearchReplica();
    const present = planOf(fedBpt, state, roster(3), random, 1).tasks[0].deviceId;
    const onPlan = (at: FedBptState): RoundPlan => planOf(fedBpt, at, roster(3), random, 1);
    const first = onPlan(state);
    fetched(replica, first, first.tasks[0]);
    const others = roster(3).map((device) => (device.id === present ? { ...device, isConnected: false, hasLeft: true } : device));
    const counted = fedBpt.aggregate(
      state,
      first,
      first.tasks.map((task) => answer(task)),
    );
    const later = onPlan(played(counted, missed, others));
    const tasks = later.tasks.filter(({ deviceId }) => deviceId === present);
    const task = tasks[0] ?? { ...later.tasks[0] };
    seen.push(tasks.length === 0 ? -1 : fetched(replica, later, task).values);
  }
  // of those in whose round the device is drawn again
  expect(seen.filter((values) => values >= 0).length).toBeGreaterThan(2);
  for (const [missed, values] of seen.entries())
    if (values >= 0) expect(values).toBe((missed + 1) * perRound < whole ? (missed + 1) * perRound : whole);
});

test("a client that knows nothing is told all rounds, or gets the whole search where that is less, and a second device of it fetches nothing", () => {
  const late = createSearchReplica();
  const early = createSearchReplica();
  const run = runOf(7, {}, { numDevices: 3, minDevices: 2, cohortSize: 2 });
  const inRound = (round: number) => planOf(fedBpt, played(started(run), round - 1, roster(3)), roster(3), random, 1);
  const [first, fifth] = [inRound(2), inRound(6)];
  const newcomer = (plan: RoundPlan) => ({ ...plan.tasks[0], parameterSets: plan.tasks[0].parameterSets });
  expect(fetched(early, first, newcomer(first)).sets).toEqual(["told"]);
  expect(fetched(early, first, newcomer(first)).sets).toEqual([]);
  expect(fetched(late, fifth, newcomer(fifth)).sets).toEqual(["search"]);
  expect(fetched(late, fifth, first.tasks[1] === undefined ? newcomer(fifth) : fifth.tasks[1]).sets).toEqual([]);
});

test("a copy that is not the server's is forgotten, and the next task gets the whole", () => {
  const run = runOf(9);
  const [mine, other] = [played(started(run), 1, roster(4)), played(started(run, [1, 0, 0, 0, 0, 0, 0, 0, 0]), 1, roster(4))];
  const replica = createSearchReplica();
  const wrong = planOf(fedBpt, other, roster(4), random, 1);
  fetched(replica, wrong, wrong.tasks[0]);
  const next = played(mine, 1, roster(4));
  const plan = planOf(fedBpt, next, roster(4), random, 1);
  expect(() => fetched(replica, plan, plan.tasks[0])).toThrow("the search that this client followed is not the server's");
  expect(searchTensors(fetched(replica, plan, plan.tasks[0]).search)).toEqual(searchTensors(searchIn(next)));
});

test("a run that starts from other prompts sends where it starts, since nobody can make that up", () => {
  const state = started(runOf(4), [0.5, 0, -1, 2]);
  const plan = planOf(fedBpt, state, roster(4), random, 1);
  expect(plan.tasks[0].spec).toMatchObject({ beginsAtZero: false, toldFrom: null });
  expect([...fetched(createSearchReplica(), plan, plan.tasks[0]).search.mean]).toEqual([0.5, 0, -1, 2]);
  const second = planOf(fedBpt, played(state, 1, roster(4)), roster(4), random, 1);
  expect(fetched(createSearchReplica(), second, second.tasks[0]).sets).toEqual(["search"]);
  expect(planOf(fedBpt, started(runOf(4)), roster(4), random, 1).payloads).toEqual([]);
});

test("at 500 coordinates with 10 devices a round is 1.0 kB up in f16 and 20 kB down", () => {
  const state = played(
    started(runOf(500, {}, { numDevices: 10, minDevices: 10, cohortSize: 10, contributionEncoding: "f16" })),
    1,
    roster(10),
  );
  const plan = planOf(fedBpt, state, roster(10), random, 1);
  const [task] = plan.tasks;
  expect([task.expects.encoding, task.expects.shapes]).toEqual(["f16", { z: [500] }]);
  const { told, search } = taskParams(plan, task);
  expect([4 * numValues(told), 4 * numValues(search)]).toEqual([20_080, 507_008]);
  expect(plan.payloads).toHaveLength(2); // everybody is told the same
});

test("both formulas of the step size are the publication's and its program's, and agree where λ is even and all step sizes are alike", () => {
  const settings = { numIterations: 8, populationSize: 6, stepSizeRule: "published", initialStepSize: 1 } as const;
  const round = { displacements: [], fitness: [3, 1, 2, 4], stepSizes: [0.5, 2, 1, 8] };
  expect(correctedStepSize(round, settings)).toBeCloseTo(2 * Math.sqrt((8 * 4 + 8 * 1) / (4 * 6)), 14);
  expect(correctedStepSize(round, { ...settings, stepSizeRule: "program" })).toBeCloseTo(Math.sqrt((8 * (0.25 + 4 + 1 + 64)) / 4 / 3), 14);
  const alike = { ...round, stepSizes: [0.75, 0.75, 0.75, 0.75] };
  expect(correctedStepSize(alike, settings)).toBeCloseTo(correctedStepSize(alike, { ...settings, stepSizeRule: "program" }), 14);
  const odd = { ...settings, populationSize: 5 };
  expect(correctedStepSize(alike, { ...odd, stepSizeRule: "program" }) / correctedStepSize(alike, odd)).toBeCloseTo(Math.sqrt(2.5 / 2), 14);
});

test("devices' own step size changes by as much as the server's does", () => {
  const settings = { numIterations: 8, populationSize: 5, stepSizeRule: "published", initialStepSize: 0.5 } as const;
  const start = startSearch(3, "full", 0.5);
  const still = { displacements: [0, 1].map(() => new Float32Array(3)), fitness: [1, 2], stepSizes: [0.5, 0.5] };
  const next = afterRound(start, still, settings);
  // p_σ stays 0; its square is expected to be n: σ falls by exp(cs / damps · (0 − 1) / 2), of μ_eff of log 2.5 and log 1.25
  const [a, b] = [Math.log(2.5), Math.log(1.25)];
  const mueff = (a + b) ** 2 / (a * a + b * b);
  const cs = (mueff + 2) / (3 + mueff + 5);
  expect(next.stepSize).toBeCloseTo(0.5 * Math.exp(-cs / (mueff + 0.3 + cs) / 2), 7);
  expect(next.mean).toEqual(start.mean);
});

test("whatever a quarter of the devices claim, they move the search no further than others do", () => {
  const run = runOf(5, {}, { numDevices: 8, minDevices: 8, cohortSize: 8 });
  const state = started(run);
  const plan = planOf(fedBpt, state, roster(8), random, 1);
  const claims = (length: number, stepSize: number) =>
    plan.tasks.map((task): Contribution => {
      const honest = answer(task, 1 + task.deviceId / 16);
      if (task.deviceId < 6) return honest;
      const { body } = answer(task, length);
      return { ...honest, body: body.kind === "search" ? { ...body, fitness: 0, stepSize } : body };
    });
  const bounded = fedBpt.aggregate(state, plan, claims(1 + 5 / 16, 0.75));
  const attacked = fedBpt.aggregate(state, plan, claims(9999, 1000));
  expect(searchTensors(searchIn(attacked))).toEqual(searchTensors(searchIn(bounded)));
  const search = startSearch(2, "full", 1);
  const flat = { ...search, factor: { ...search.factor, values: Float64Array.of(1, 0, 0.125) } }; // C = diag(1, 1/64)
  const round = {
    displacements: [
      [1, 0],
      [0, 0.125],
      [0, 0.5],
    ].map((one) => Float32Array.from(one)),
    fitness: [1, 2, 3],
    stepSizes: [1, 2, 3],
  };
  const { displacements, stepSizes } = withinOthers(flat, round);
  expect(displacements.map((one) => [...one])).toEqual([
    [1, 0],
    [0, 0.125],
    [0, 0.125],
  ]); // in the search's own measure
  expect(stepSizes).toEqual([2, 2, 2]);
  const still = new Array<Float32Array>(8).fill(Float32Array.of(0, 0));
  const eight = { displacements: still, fitness: [1, 2, 3, 4, 5, 6, 7, 8], stepSizes: [5, 1e-9, 1, 3, 2, 4, 2.5, 2.25] };
  expect(withinOthers(flat, eight).stepSizes).toEqual([3, 2, 2, 3, 2, 3, 2.5, 2.25]); // from the third to the sixth
});

test("no claims, of however many devices and rounds, take a search to numbers that cannot be sent", () => {
  for (const [length, stepSize] of [
    [9999, 4e-4],
    [1e-30, 2980],
    [9999, 2980],
  ]) {
    let state = started(runOf(5));
    for (let round = 0; round < 30; round++) {
      const plan = planOf(fedBpt, state, roster(4), random, 1);
      for (const payload of plan.payloads) expect(Number.isFinite(maxMagnitude(payload))).toBe(true);
      const sent = plan.tasks.map((task) => {
        const { body, ...rest } = answer(task, round % 2 === 0 ? length : -length);
        return { ...rest, body: body.kind === "search" ? { ...body, stepSize } : body };
      });
      state = fedBpt.aggregate(state, plan, sent);
    }
    expect([...searchIn(state).factor.values].every(Number.isFinite)).toBe(true);
  }
  const settings = { numIterations: 8, populationSize: 5, stepSizeRule: "published", initialStepSize: 1 } as const;
  const far = { ...startSearch(2, "full", 1), mean: Float64Array.of(1e15, 0) };
  const outwards = { displacements: [Float32Array.of(9999, 0)], fitness: [1], stepSizes: [1] };
  expect(afterRound(far, outwards, settings)).toBe(far); // a round that leads beyond what can be computed with changes nothing
  expect(afterRound({ ...far, mean: Float64Array.of(-1e15, 0) }, outwards, settings).generation).toBe(1);
});

test("a device that is deleted leaves nothing of its own, and everybody is then sent the whole search", () => {
  const state = played(started(runOf(9, {}, { numDevices: 3, minDevices: 3, cohortSize: 3 })), 2, roster(3));
  expect(Object.keys(state.tensors).filter((name) => name.startsWith("told/"))).toHaveLength(6);
  const after = fedBpt.forget?.(state, 1, 3) ?? state;
  expect(Object.keys(after.tensors).filter((name) => name.startsWith("told/"))).toEqual([]);
  expect(Object.keys(after.values.lastRounds)).toEqual(["0", "2"]);
  expect(searchTensors(searchIn(after))).toEqual(searchTensors(searchIn(state)));
  expect(fedBpt.forget?.(after, 1, 3)).toBe(after);
  expect(fedBpt.forget?.(state, 7, 3)).toBe(state);
  const plan = planOf(fedBpt, after, roster(3), random, 1);
  expect(fetched(createSearchReplica(), plan, plan.tasks[0]).sets).toEqual(["search"]);
});

test("another run goes on from a round with the search, and tells nobody of rounds that were not its own", () => {
  const run = runOf(4, { populationSize: 6 });
  const state = played(started(runOf(4)), 2, roster(4));
  const next = fedBpt.branch?.(state, run, 2);
  if (next === undefined) throw new Error("no branch");
  const plan = planOf(fedBpt, next, roster(4), random, 1);
  expect([plan.round, plan.tasks[0].spec]).toMatchObject([3, { populationSize: 6, toldFrom: null, beginsAtZero: false }]);
  expect(searchTensors(fetched(createSearchReplica(), plan, plan.tasks[0]).search)).toEqual(searchTensors(searchIn(state)));
});

test("a state is tensors in f32 that give the same search back, and what is no such state is refused", () => {
  const search = searchIn(played(started(runOf(5)), 3, roster(4)));
  const tensors = searchTensors(search);
  expect(searchOf(tensors, 5, "full")).toEqual(search);
  expect(searchDigest(searchOf(tensors, 5, "full"))).toMatch(/^[0-9a-f]{16}$/);
  const { mean: _, ...without } = tensors;
  expect(() => searchOf(without as Params, 5, "full")).toThrow("mean needs 5 values, found no such tensor");
  expect(() => searchOf(tensors, 5, "diagonal")).toThrow("factor needs 5 values, found 15");
});

test("a run takes the steps of its schedule, with the search and what it evaluates", async () => {
  const run = runOf(3, {}, { numRounds: 3, evaluateEvery: 2 });
  const taken: string[] = [];
  const answers = (_: RoundPlan, task: PlannedTask) => ({
    kind: "contributed" as const,
    contribution:
      task.spec.kind === "search"
        ? answer(task)
        : { deviceId: task.deviceId, numExamples: 3, body: { kind: "evaluate" as const, results: [] } },
  });
  const pool = createSimulatedPool(roster(4), answers);
  for await (const event of runRounds({ strategy: fedBpt, state: started(run), pool, random })) {
    if (event.kind === "closed")
      taken.push(`${event.plan.round}.${event.plan.step} ${event.plan.tasks[0].spec.kind} ${event.plan.tasks.length}`);
  }
  expect(taken).toEqual(fedBpt.schedule(run).map(({ round, step, spec, numDevices }) => `${round}.${step} ${spec.kind} ${numDevices}`));
  expect(taken).toEqual(["1.1 search 4", "2.1 search 4", "2.2 evaluate 4", "3.1 search 4", "3.2 evaluate 4"]);
});

test("a local search judges every point once, at points of its own stream, and stays where nothing is better", async () => {
  const start = { ...startSearch(3, "full", 0.5), mean: Float64Array.of(1, 2, 3) };
  const points: number[][] = [];
  const options = { numIterations: 4, populationSize: 5, evaluate: async (z: Float64Array) => points.push([...z]) && 1 };
  const result = await searchLocally(start, { ...options, random: random.stream({ purpose: "one" }) });
  expect(points).toHaveLength(numJudgedPoints(options));
  expect(points.at(-1)).toEqual(
    [...result.displacement].map((value, i) => value + start.mean[i]).map((value) => expect.closeTo(value, 12)),
  );
  const again = await searchLocally(start, { ...options, random: random.stream({ purpose: "one" }) });
  expect(again).toEqual(result);
  const other = await searchLocally(start, { ...options, random: random.stream({ purpose: "two" }) });
  expect(other.displacement).not.toEqual(result.displacement);
  expect([...start.mean]).toEqual([1, 2, 3]);
});

test("a run with another prompt, a linear head, a rule of aggregation, or too many coordinates for a whole covariance is refused", () => {
  const run = runOf(501);
  expect(() => started(run)).toThrow("strategy.covariance: a whole covariance is kept of 500 coordinates at most");
  expect(started({ ...run, strategy: { ...run.strategy, covariance: "diagonal" } }).values.size).toBe(501);
  expect(() => started({ ...runOf(3), aggregation: { name: "coordinateMedian" } })).toThrow("leave aggregation out");
  expect(() => started({ ...runOf(3), tuning: { ...runOf(3).tuning, head: "linear" } })).toThrow("set tuning.head to labelWords");
  expect(() => started({ ...runOf(3), tuning: testRun().tuning })).toThrow("set tuning.method to projectedPrompt");
});
