import { expect, test } from "vitest";
import { taskParams } from "../parameterSets.ts";
import { omitNames, type Params } from "../params.ts";
import { createRandom } from "../random.ts";
import type { RunSettings } from "../run.ts";
import type { RoundPlan } from "../task.ts";
import { effectiveOf, factorsOf, loraRun, loraShape, meanOf } from "../testing/loraRun.ts";
import { planOf, rosterOf, trained, valuesOf } from "../testing/run.ts";
import { type FLoraSettings, fLora } from "./fLora.ts";
import type { StrategyRun } from "./strategy.ts";

const numExamples = [1, 3];
/** B = 0 and A = 1, 0 / 0, 1. */
const initial = factorsOf(
  {
    b: [
      [0, 0],
      [0, 0],
      [0, 0],
    ],
    a: [
      [1, 0],
      [0, 1],
    ],
  },
  [0.5],
);
/** Of device 0, whose rank is 2, and of device 1, whose rank is 1. */
const changes = [
  factorsOf(
    {
      b: [
        [4, 0],
        [0, 0],
        [0, 8],
      ],
      a: [
        [0, 2],
        [0, 0],
      ],
    },
    [1],
  ),
  factorsOf({ b: [[0], [4], [0]], a: [[1, -2]] }, [-1]),
];

const runOf = (own: object = {}, changed: Partial<Omit<RunSettings, "strategy">> = {}): StrategyRun<FLoraSettings> => ({
  ...loraRun({ numRounds: 9, evaluateEvery: 9, ...changed }),
  strategy: { ...fLora.defaults, ranks: [2, 1], ...own },
});

const setsOf = (plan: RoundPlan, device: number) => {
  const task = plan.tasks.find(({ deviceId }) => deviceId === device);
  if (task === undefined) throw new Error(`device ${device} has no task`);
  return { task, sets: taskParams(plan, task) };
};

/** States after rounds in which both devices send these changes. */
function play(rounds: readonly (readonly Params[])[], run = runOf()) {
  let state = fLora.init(run, loraShape, initial);
  return rounds.map((sent) => {
    const plan = planOf(fLora, state, rosterOf(numExamples), createRandom(1), 1);
    state = fLora.aggregate(
      state,
      plan,
      sent.map((delta, device) => trained(device, numExamples[device], 2, delta)),
    );
    return { plan, state, params: fLora.newcomerParams(state) };
  });
}

test("a round of FLoRA: devices train at their own ranks, and the residual is the mean of the products", () => {
  const [{ plan, params }] = play([changes]);
  const [first, second] = [0, 1].map((device) => setsOf(plan, device));
  expect(valuesOf(first.sets.global)["lora/0/query/a"]).toEqual([1, 0, 0, 1]);
  expect(valuesOf(second.sets.global)["lora/0/query/a"]).toEqual([1, 0]);
  expect(second.task.spec).toMatchObject({ kind: "train", hasOwnRanks: true });
  expect(second.task.expects.shapes).toEqual({ "lora/0/query/a": [1, 2], "lora/0/query/b": [3, 1], "head/bias": [1] });
  // 0.25 · (4, 8 / 0, 0 / 0, 8) + 0.75 · (0, 0 / 8, −8 / 0, 0); rank 3 is above 3 · 2 / 5, so it is dense
  expect(valuesOf(params)["residual/0/query/dense"]).toEqual([1, 2, 6, -6, 0, 2]);
  expect(valuesOf(params)["head/bias"]).toEqual([0]);
});

test("every round starts a fresh LoRA: A drawn from the run's seed and the round, B at 0", () => {
  const [one, two] = play([changes, changes]);
  const [again] = play([changes]);
  const [other] = play([changes], runOf({}, { seed: 12345 }));
  expect(valuesOf(one.params)["lora/0/query/b"]).toEqual([0, 0, 0, 0, 0, 0]);
  const a = ({ params }: typeof one) => valuesOf(params)["lora/0/query/a"];
  expect(a(again)).toEqual(a(one));
  for (const different of [[1, 0, 0, 1], a(two), a(other)]) expect(a(one)).not.toEqual(different);
  const sent = setsOf(two.plan, 1).sets;
  expect(valuesOf(sent.global)["lora/0/query/a"]).toEqual(a(one).slice(0, 2)); // its first rows
  expect(valuesOf(sent["residual/0"])).toEqual({ "residual/0/query/dense": [1, 2, 6, -6, 0, 2] });
  // A has half of both rounds' parts: 0.25 · B_0 (A + its change) + 0.75 · B_1 (A's first row + 1, −2)
  const [p, q, r, s] = a(one);
  const expected = [1 + p, 2 + q + 2, 6 + 3 * (p + 1), -6 + 3 * (q - 2), 2 * r, 2 + 2 * s];
  const found = valuesOf(two.params)["residual/0/query/dense"];
  for (const [i, value] of expected.entries()) expect(found[i], `value ${i}`).toBeCloseTo(value, 5);
});

test("A is drawn as wide as LoRA starts: standard deviation 1 / √(3 · inputs)", () => {
  const size = 40;
  const nothing = () => ({ shape: [size, size], data: new Float32Array(size * size) });
  const start = { "lora/0/query/a": nothing(), "lora/0/query/b": nothing() };
  let state = fLora.init(runOf({ ranks: [] }), { ...loraShape, alwaysShared: [] }, start);
  const plan = planOf(fLora, state, rosterOf(numExamples), createRandom(1), 1);
  state = fLora.aggregate(state, plan, [trained(0, 1, 2, start)]);
  const { data } = fLora.globalParams(state)["lora/0/query/a"];
  const stdDev = Math.sqrt(data.reduce((sum, value) => sum + value * value, 0) / data.length);
  expect(Math.abs(stdDev * Math.sqrt(3 * size) - 1)).toBeLessThan(0.07); // 1600 draws: 4 standard errors of 1 / √(2 · 1600)
});

test("whatever the devices train at whatever ranks, the effective weights become the mean of theirs; factors are stacked below the rank m n / (m + n)", () => {
  const [rows, columns, rank] = [30, 26, 3];
  const random = createRandom(11).stream({ purpose: "test" });
  const tensor = (shape: [number, number]) => ({ shape, data: Float32Array.from({ length: shape[0] * shape[1] }, () => random.normal()) });
  const draw = (own: number) => ({ "lora/0/query/a": tensor([own, columns]), "lora/0/query/b": tensor([rows, own]) });
  const ranks = [3, 1];
  const run = runOf({ ranks });
  let state = fLora.init({ ...run, tuning: { ...run.tuning, rank } as typeof run.tuning }, { ...loraShape, alwaysShared: [] }, draw(rank));
  const forms: string[] = [];
  for (let round = 1; round <= 6; round++) {
    const plan = planOf(fLora, state, rosterOf(numExamples), createRandom(1), 1);
    const deltas = ranks.map(draw);
    const theirs = deltas.map((delta, device) => {
      const { global, ...beside } = setsOf(plan, device).sets;
      const residual = fLora.newcomerParams(state);
      expect(Object.keys(beside)).toEqual(Array.from({ length: Object.keys(beside).length }, (_, part) => `residual/${part}`));
      return effectiveOf({ ...omitNames(residual, Object.keys(global)), ...global }, delta);
    });
    const before = state;
    state = fLora.aggregate(
      state,
      plan,
      deltas.map((delta, device) => trained(device, numExamples[device], 2, delta)),
    );
    const expected = meanOf(theirs, numExamples);
    const found = effectiveOf(fLora.newcomerParams(state));
    const size = Math.hypot(...expected);
    for (const [i, value] of expected.entries()) expect(Math.abs(found[i] - value)).toBeLessThan(1e-5 * size); // f32, summed over rounds
    const kept = Object.keys(before.tensors).filter((name) => name.startsWith("R/") && state.tensors[name] === before.tensors[name]);
    const all = Object.keys(state.tensors).filter((name) => name.startsWith("R/"));
    forms.push(`${kept.length} of ${all.length}`);
  }
  // 30 · 26 / 56 is 13.9 and a round adds rank 4: three parts of factors, then one dense difference, then three parts beside it again
  expect(forms).toEqual(["0 of 2", "2 of 4", "4 of 6", "0 of 1", "1 of 3", "3 of 5"]);
});

test("FLoRA refuses a rank above the run's, moments that outlive their factors, and a run without LoRA", () => {
  const start = (run: StrategyRun<FLoraSettings>) => fLora.init(run, loraShape, initial);
  expect(() => start(runOf({ ranks: [2, 3] }))).toThrow("strategy.ranks: a rank is above tuning.rank");
  const { training } = runOf();
  expect(() => start(runOf({}, { training: { ...training, resetMoments: false } }))).toThrow("set training.resetMoments to true");
  const run = runOf();
  expect(() => start({ ...run, tuning: { ...run.tuning, method: "prefix" } as unknown as typeof run.tuning })).toThrow(
    "set tuning.method to lora",
  );
  expect(() => start(runOf())).not.toThrow();
});

test("devices tune for themselves, and are evaluated, from as many components as they have", () => {
  const run = runOf({ fineTuneEpochs: 2 }, { numRounds: 1, evaluateEvery: 1 });
  const [{ state }] = play([changes], run);
  const tuning = planOf(fLora, state, rosterOf(numExamples), createRandom(1), 1);
  const { task, sets } = setsOf(tuning, 1);
  expect(task.spec).toEqual({ kind: "train", warmupSteps: 0, epochs: 2, isPersonalised: true });
  const rows = valuesOf(sets.initial)["lora/0/query/a"];
  expect(rows.slice(2)).toEqual([0, 0]);
  expect(rows[0]).not.toBe(0);
  expect(sets["residual/0"]).toBeDefined();
});
