import { expect, test } from "vitest";
import { deepFrozen } from "../../deepFrozen.ts";
import { roundTrip } from "../../encoding.ts";
import { norm, type Params, pickNames, shapesOf, subtract } from "../../params.ts";
import { presets } from "../../presets.ts";
import { createRandom } from "../../random.ts";
import { type RoundEvent, runRounds } from "../../rounds.ts";
import type { Contribution, RoundPlan } from "../../task.ts";
import type { TaskOutcome } from "../../taskOutcome.ts";
import { paramsOf, planOf, rosterOf, testRun, testShape, trained, valuesOf } from "../../testing/run.ts";
import { createSimulatedDevices, type SyntheticProblem, syntheticProblem } from "../../testing/simulatedDevices.ts";
import { type Answer, createSimulatedPool } from "../../testing/simulatedPool.ts";
import { fedPepTao } from "./index.ts";
import type { FedPepTaoRun, FedPepTaoSettings } from "./settings.ts";
import type { FedPepTaoState } from "./state.ts";

const numExamples = [4, 1, 7, 2, 5, 3];
const roster = rosterOf(numExamples);
const shape = testShape(3, true);
const initial = paramsOf({
  "prefix/0": [0.5, -1, 2, 0],
  "prefix/1": [0, 0.25, 1, -1],
  "prefix/2": [1, 1, -2, 0.5],
  "head/bias": [0, 0.125],
});
const problem = syntheticProblem(11, initial, numExamples);

function settings(changes: Partial<Omit<FedPepTaoRun, "strategy">> = {}, strategy: Partial<FedPepTaoSettings> = {}): FedPepTaoRun {
  const sizes = { numDevices: 6, minDevices: 3, cohortSize: 4, numRounds: 5, evaluateEvery: 2, deadlineMs: 1000, quorum: 0.7 };
  const training = { ...presets.default.training, clientLearningRate: 0.2 }; // of the simulated devices
  return testRun({ ...sizes, training, ...changes }, { countingRounds: 2, probeDevices: 2, serverLearningRate: 0.02, ...strategy });
}

type Event = RoundEvent<FedPepTaoState>;

interface Faults {
  readonly answer?: (answer: Answer) => Answer;
  readonly accepted?: Map<string, TaskOutcome>;
}

async function simulate(
  run: FedPepTaoRun,
  { answer = (same) => same, accepted }: Faults = {},
): Promise<{ events: Event[]; state: FedPepTaoState }> {
  const devices = createSimulatedDevices(problem);
  const pool = createSimulatedPool(roster, answer(devices.answer), accepted);
  const events: Event[] = [];
  for await (const event of runRounds({
    strategy: fedPepTao,
    state: fedPepTao.init(run, shape, initial),
    pool,
    random: createRandom(run.seed),
  })) {
    events.push(event);
    if (event.kind === "done") return { events, state: event.state };
  }
  throw new Error("the run did not end");
}

const plansOf = (events: readonly Event[]): RoundPlan[] => events.flatMap((event) => (event.kind === "closed" ? event.plan : []));
const courseOf = (events: readonly Event[]) =>
  plansOf(events).map((plan) => `${plan.stage} ${plan.round}.${plan.step} ${plan.tasks[0].spec.kind}`);

const trainCourse = ["train 1.1 train", "train 2.1 train", "train 2.2 evaluate", "train 3.1 train", "train 4.1 train"];
const wholeCourse = [...trainCourse, "train 4.2 evaluate", "train 5.1 train", "train 5.2 evaluate"];

test("a run scores, counts, probes, trains and evaluates", async () => {
  const { events, state } = await simulate(settings());
  expect(courseOf(events)).toEqual(["score 1.1 score", "count 1.1 train", "count 2.1 train", "count 2.2 probe", ...wholeCourse]);
  const summary = fedPepTao.summary(state);
  expect(summary).toMatchObject({ stage: "train", round: 5, numRounds: 5, isDone: true, selectedLayers: [0, 1] });
  expect(summary.sharedNames).toEqual(["prefix/0", "prefix/1", "head/bias"]);
  expect(summary.evaluations.map((evaluation) => [evaluation.round, evaluation.coverage])).toEqual([
    [2, 1],
    [4, 1],
    [5, 1],
  ]);
  const protocols = summary.evaluations.map((evaluation) => new Set(evaluation.results.map((result) => result.protocol)));
  expect(protocols.map((names) => names.has("zeroShot"))).toEqual([true, false, false]);
  expect([...protocols[1]]).toEqual(["personalised", "global", "newcomer"]);
});

test("layer scores are means weighted by examples over the devices that scored", async () => {
  const { state } = await simulate(settings());
  const scored = [0, 2, 3, 4, 5]; // device 1 has a single example
  const total = scored.reduce((sum, id) => sum + numExamples[id], 0);
  const extra = scored.reduce((sum, id) => sum + (numExamples[id] / total) * (id / 10), 0);
  const { layerScores } = state.values;
  expect(layerScores?.[0]).toBeCloseTo(1 + extra, 12);
  expect(layerScores?.[1]).toBeCloseTo(6 + extra, 12);
  expect(layerScores?.[2]).toBeNull();
});

test("other scores change the selected layers, another spectrum changes how many", async () => {
  const selected = async (change: Partial<SyntheticProblem>) => {
    const devices = createSimulatedDevices({ ...problem, ...change });
    const { state } = await simulate(settings(), { answer: () => devices.answer });
    return state.values.selectedLayers;
  };
  expect(await selected({})).toEqual([0, 1]);
  expect(await selected({ layerScores: [null, 1, 6] })).toEqual([1, 2]);
  expect(await selected({ ritzValues: [0.01, 2], ritzWeights: [0.9, 0.1] })).toEqual([0, 1, 2]);
  expect(await selected({ ritzValues: [-1, 2], ritzWeights: [0.7, 0.3] })).toEqual([1]);
});

test("stages whose findings are not used are left out", async () => {
  const courseWith = async (strategy: Partial<FedPepTaoSettings>) =>
    courseOf((await simulate(settings({}, strategy))).events).filter((step) => !step.startsWith("train"));
  expect(await courseWith({ keepFraction: 0.4 })).toEqual(["score 1.1 score", "count 1.1 train", "count 2.1 train"]);
  expect(await courseWith({ keepFraction: 0.4, initialPrompts: "fresh" })).toEqual(["score 1.1 score"]);
  expect(await courseWith({ keepFraction: 0.4, initialPrompts: "fresh", selector: "last" })).toEqual([]);
  expect(await courseWith({ initialPrompts: "fresh", selector: "all" })).toEqual([]);
  expect(await courseWith({ selector: "random" })).toEqual(["count 1.1 train", "count 2.1 train", "count 2.2 probe"]);
  expect(await courseWith({ countingRounds: 0 })).toEqual(["score 1.1 score", "count 1.1 probe"]);
});

test.each([
  ["first", [0, 1]],
  ["middle", [0, 1]],
  ["last", [1, 2]],
  ["all", [0, 1, 2]],
] as const)("the selector %s keeps its layers", (selector, layers) => {
  const state = fedPepTao.init(settings({}, { selector, keepFraction: 0.6, initialPrompts: "fresh" }), shape, initial);
  expect(state.values.selectedLayers).toEqual(layers);
});

test("the random selector keeps the same layers for the same seed", () => {
  const layersOf = (seed: number) =>
    fedPepTao.init(settings({ seed }, { selector: "random", keepFraction: 0.34, initialPrompts: "fresh" }), shape, initial).values
      .selectedLayers;
  expect(layersOf(5)).toEqual(layersOf(5));
  expect(new Set(Array.from({ length: 12 }, (_, seed) => String(layersOf(seed)))).size).toBe(3);
});

test("in the training stage only the selected layers and the head travel, and the rest has a start of its own", async () => {
  const { events, state } = await simulate(settings());
  const plan = plansOf(events).find((candidate) => candidate.stage === "train");
  const counted = events.findLast((event) => event.kind === "closed" && event.plan.stage === "count");
  expect(plan?.payloads.map((payload) => Object.keys(payload))).toEqual([["prefix/0", "prefix/1", "head/bias"], ["prefix/2"]]);
  expect(plan?.tasks[0]).toMatchObject({ parameterSets: { global: 0, initial: 1 }, spec: { isPersonalised: true, warmupSteps: 0 } });
  const counting = plansOf(events).find((candidate) => candidate.stage === "count");
  expect(counting?.tasks[0].parameterSets).toEqual({ global: 0 });
  expect(counting?.tasks[0].spec).toMatchObject({ isPersonalised: false, warmupSteps: 10 });
  expect(counting?.tasks[0].expects.shapes).toEqual(shapesOf(initial));
  expect(plan?.tasks[0].expects.shapes).toEqual(shapesOf(pickNames(initial, ["prefix/0", "prefix/1", "head/bias"])));
  const newcomer = fedPepTao.newcomerParams(state);
  expect(Object.keys(newcomer)).toEqual(Object.keys(initial));
  expect(newcomer["prefix/2"]).toBe(plan?.payloads[1]["prefix/2"]);
  expect(counted?.kind === "closed" && counted.state.tensors["initial/prefix/2"]).toBe(newcomer["prefix/2"]);
  expect(valuesOf({ p: newcomer["prefix/2"] })).not.toEqual(valuesOf({ p: initial["prefix/2"] }));
});

test("fresh prompts forget what the counting rounds found", async () => {
  const { events } = await simulate(settings({}, { initialPrompts: "fresh" }));
  const plan = plansOf(events).find((candidate) => candidate.stage === "train");
  expect(valuesOf({ ...plan?.payloads[0], ...plan?.payloads[1] })).toEqual(valuesOf(initial));
});

test("probers are the first of the last cohort, and one that leaves is replaced by the next in order", async () => {
  const probersOf = async (gone: readonly number[]) => {
    const { events } = await simulate(settings(), {
      answer: (answer) => (plan, task) => (task.spec.kind === "probe" && gone.includes(task.deviceId) ? "silent" : answer(plan, task)),
    });
    const cohort =
      plansOf(events)
        .find((plan) => plan.stage === "count" && plan.round === 2)
        ?.tasks.map((task) => task.deviceId) ?? [];
    const probes = plansOf(events)
      .find((plan) => plan.tasks[0].spec.kind === "probe")
      ?.tasks.map((task) => task.deviceId);
    return { cohort, probes };
  };
  const { cohort, probes } = await probersOf([]);
  expect(probes).toEqual(cohort.slice(0, 2));
  expect((await probersOf([cohort[0]])).probes).toEqual(cohort.slice(1, 3));
  expect((await probersOf([cohort[0], cohort[1]])).probes).toEqual(cohort.slice(2, 4));
});

test("a prober is replaced even where the quorum would do without it", async () => {
  const { events } = await simulate(settings({}, { probeDevices: 4 }), {
    answer: (answer) => (plan, task) => (task.spec.kind === "probe" && task.deviceId === 0 ? { kind: "left" } : answer(plan, task)),
  });
  const probing = plansOf(events).find((plan) => plan.tasks[0].spec.kind === "probe");
  expect(probing?.tasks.map((task) => task.deviceId)).not.toContain(0);
  expect(probing?.tasks.length).toBe(4);
});

test("a spectrum without plateau is set aside with its reason, and only when there is no other is it an error", async () => {
  const bad = { kind: "probe", ritzValues: [-3], ritzWeights: [0] } as const;
  const withBad = (isBad: (probers: number) => boolean): Faults => ({
    answer: (answer) => {
      let probers = 0;
      return (plan, task) => {
        const { deviceId, spec } = task;
        if (spec.kind !== "probe" || !isBad(++probers)) return answer(plan, task);
        return { kind: "contributed", contribution: { deviceId, numExamples: numExamples[deviceId], body: bad } };
      };
    },
  });
  const { state } = await simulate(
    settings(),
    withBad((probers) => probers === 1),
  );
  expect(state.values.probes.map((probe) => probe.keepFraction === null)).toContain(true);
  expect(state.values.probes.find((probe) => probe.keepFraction === null)?.reason).toContain("spectrum");
  await expect(
    simulate(
      settings(),
      withBad(() => true),
    ),
  ).rejects.toThrow("no device's spectrum could be read");
});

test("training comes closer to the devices' targets, and contributions of zeros do not", async () => {
  const accuracy = async (change: Faults) => {
    const { state } = await simulate(settings({ numRounds: 12 }), change);
    const results = state.values.evaluations.at(-1)?.results ?? [];
    const found = results.find((result) => result.protocol === "personalised" && result.split === "test");
    const confusion = found !== undefined && "confusion" in found ? found.confusion : [];
    return confusion[0][0] / (confusion[0][0] + confusion[0][1]);
  };
  const zeroed: Faults = {
    answer: (answer) => (plan, task) => {
      const outcome = answer(plan, task);
      if (outcome === "silent" || outcome.kind !== "contributed" || outcome.contribution.body.kind !== "train") return outcome;
      const { contribution } = outcome;
      const { delta } = outcome.contribution.body;
      return {
        kind: "contributed",
        contribution: { ...contribution, body: { ...outcome.contribution.body, delta: subtract(delta, delta) } },
      };
    },
  };
  expect(await accuracy({})).toBeGreaterThan((await accuracy(zeroed)) + 0.2);
});

test.each([1, 2, 3, 4, 5, 6])("with seeded faults every contribution counts once and the run ends: seed %i", async (seed) => {
  const faults = createRandom(seed).stream({ purpose: "faults" });
  const accepted = new Map<string, TaskOutcome>();
  const { events, state } = await simulate(settings({}, { serverStep: seed % 2 === 0 ? "sequential" : "parallel" }), {
    accepted,
    answer: (answer) => (plan, task) => {
      const draw = faults.uniform();
      if (draw < 0.08) return { kind: "left" };
      if (draw < 0.16) return { kind: "late" };
      if (draw < 0.24) return "silent";
      return answer(plan, task);
    },
  });
  for (const event of events) {
    if (event.kind !== "closed") continue;
    const ids = event.contributions.map((contribution) => contribution.deviceId);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.length).toBeGreaterThanOrEqual(Math.ceil(event.plan.quorum * event.plan.tasks.length - 1e-9));
  }
  expect(courseOf(events).filter((step) => step.startsWith("train"))).toEqual(wholeCourse);
  expect(state.values.evaluations.every((evaluation) => evaluation.coverage >= 0.7)).toBe(true);
});

test("the same seed gives the same bits, another seed does not", async () => {
  const first = await simulate(settings());
  const again = await simulate(settings());
  const other = await simulate(settings({ seed: 43 }));
  expect(valuesOf(again.state.tensors)).toEqual(valuesOf(first.state.tensors));
  expect(valuesOf(other.state.tensors)).not.toEqual(valuesOf(first.state.tensors));
});

test("a state written as JSON and floats and read back goes on with the same bits", async () => {
  const { events, state } = await simulate(settings({ contributionEncoding: "f16", paramsEncoding: "f16" }));
  let restored: FedPepTaoState | null = null;
  for (const event of events) {
    if (event.kind !== "closed") continue;
    const before: FedPepTaoState = copied(
      restored ?? fedPepTao.init(settings({ contributionEncoding: "f16", paramsEncoding: "f16" }), shape, initial),
    );
    restored = fedPepTao.aggregate(before, event.plan, event.contributions);
    expect(valuesOf(restored.tensors)).toEqual(valuesOf(event.state.tensors));
    const sent = fedPepTao.globalParams(restored);
    expect(valuesOf(roundTrip(sent, "f16"))).toEqual(valuesOf(sent));
  }
  expect(restored?.values).toEqual(state.values);
});

test("a step changes nothing that it was given, and tensors that it leaves alone stay the same objects", async () => {
  const { events } = await simulate(settings());
  const closed = events.flatMap((event) => (event.kind === "closed" ? event : []));
  for (const [index, { plan, contributions, state }] of closed.entries()) {
    const before = index === 0 ? fedPepTao.init(settings(), shape, initial) : closed[index - 1].state;
    const deltas = contributions.map(({ body }): Params => (body.kind === "train" ? body.delta : {}));
    const inputs = [before.tensors, ...plan.payloads, ...deltas];
    const values = inputs.map(valuesOf);
    const after = fedPepTao.aggregate(deepFrozen(before), deepFrozen(plan), deepFrozen(contributions));
    expect(inputs.map(valuesOf)).toEqual(values);
    expect(after).toEqual(state);
    if (plan.stage !== "train") continue;
    const cohort = contributions.map((contribution) => `c/${contribution.deviceId}/`);
    const isStepped = (name: string) => /^(W|V|Dprev|c)\/(prefix|head)/.test(name) || cohort.some((prefix) => name.startsWith(prefix));
    for (const [name, tensor] of Object.entries(before.tensors)) {
      if (plan.step === 2 || !isStepped(name)) expect(after.tensors[name], name).toBe(tensor);
    }
  }
});

test("equal updates move W by that update in the first round, and weighting does not matter then", () => {
  const run = settings({}, { selector: "first", keepFraction: 0.4, initialPrompts: "fresh" });
  const state = fedPepTao.init(run, shape, initial);
  const plan = planOf(fedPepTao, state, roster, createRandom(1), 1);
  const update = paramsOf({ "prefix/0": [0.1, -0.3, 0.7, 1e-3], "head/bias": [0.01, -0.5] });
  const contributions = plan.tasks.map(({ deviceId }): Contribution => trained(deviceId, numExamples[deviceId], deviceId + 1, update));
  const moved: Params = subtract(fedPepTao.globalParams(fedPepTao.aggregate(state, plan, contributions)), fedPepTao.globalParams(state));
  expect(norm(subtract(moved, update))).toBeLessThan(1e-6); // two roundings of values up to 2
});

test("an evaluation leaves out a newcomer when nothing stays on the devices", () => {
  const state = fedPepTao.init(settings({}, { selector: "all", initialPrompts: "fresh" }), shape, initial);
  const atEvaluation = {
    ...state,
    values: { ...state.values, position: { ...state.values.position, step: 2, kind: "evaluate" as const } },
  };
  const plan = planOf(fedPepTao, atEvaluation, roster, createRandom(1), 1);
  expect(plan.tasks[0].spec).toMatchObject({ protocols: ["global", "zeroShot"] });
  expect(plan.payloads.length).toBe(1);
  expect(plan.tasks.map((task) => task.deviceId)).toEqual([0, 1, 2, 3, 4, 5]);
});

function copied(state: FedPepTaoState): FedPepTaoState {
  const tensors = Object.fromEntries(
    Object.entries(state.tensors).map(([name, { shape, data }]) => [name, { shape: [...shape], data: data.slice() }]),
  );
  return { values: JSON.parse(JSON.stringify(state.values)), tensors };
}

test("a device rate of 0 is refused, since control variates divide by it", () => {
  const training = { ...presets.default.training, clientLearningRate: 0 };
  expect(() => fedPepTao.init(settings({ training }), shape, initial)).toThrow("clientLearningRate");
  expect(() => fedPepTao.init(settings({ training }, { controlVariates: false }), shape, initial)).not.toThrow();
});

test("with pooling median a device that lies about its scores or its spectrum chooses no layer and no number of layers", async () => {
  const honest = await simulate(settings({}, { pooling: "median" }));
  const lying =
    (answer: Answer): Answer =>
    (plan, task) => {
      const outcome = answer(plan, task);
      if (task.deviceId !== 4 || outcome === "silent" || outcome.kind !== "contributed") return outcome;
      const { contribution } = outcome;
      const { body } = contribution;
      if (body.kind === "score") return { ...outcome, contribution: { ...contribution, body: { ...body, layerScores: [8e5, 0, null] } } };
      return outcome;
    };
  const median = await simulate(settings({}, { pooling: "median" }), { answer: lying });
  const mean = await simulate(settings(), { answer: lying });
  expect(fedPepTao.summary(mean.state).layerScores?.[0]).toBeGreaterThan(1e5);
  const scores = fedPepTao.summary(median.state).layerScores ?? [];
  const others = fedPepTao.summary(honest.state).layerScores ?? [];
  for (const layer of [0, 1]) expect(Math.abs((scores[layer] ?? 0) - (others[layer] ?? 0))).toBeLessThan(0.5); // devices differ by 0.1 each
  expect(fedPepTao.summary(median.state).selectedLayers).toEqual(fedPepTao.summary(honest.state).selectedLayers);
});
