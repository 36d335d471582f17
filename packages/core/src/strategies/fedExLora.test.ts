import { expect, test } from "vitest";
import type { Params } from "../params.ts";
import { createRandom } from "../random.ts";
import { residualOf } from "../residualParams.ts";
import type { RunSettings } from "../run.ts";
import { effectiveOf, factorsOf, loraRun, loraShape, meanOf } from "../testing/loraRun.ts";
import { planOf, rosterOf, trained, valuesOf } from "../testing/run.ts";
import { type FedExLoraSettings, fedExLora } from "./fedExLora.ts";
import type { StrategyRun } from "./strategy.ts";

const numExamples = [1, 3];
const still = factorsOf({ b: [[0], [0], [0]], a: [[0, 0]] }, [0]);
/** B = 0 and A = 1, 0. */
const initial = factorsOf({ b: [[0], [0], [0]], a: [[1, 0]] }, [0.5]);
/** To B 4, 0, 8 and A 1, 2 on device 0, and to B 0, 4, 0 and A 1, −2 on device 1. */
const apart = [factorsOf({ b: [[4], [0], [8]], a: [[0, 2]] }, [1]), factorsOf({ b: [[0], [4], [0]], a: [[0, -2]] }, [-1])];

const runOf = (changes: Partial<Omit<RunSettings, "strategy">> = {}, own = {}): StrategyRun<FedExLoraSettings> => ({
  ...loraRun({ numRounds: 9, evaluateEvery: 9, ...changes }),
  strategy: { ...fedExLora.defaults, ...own },
});

/** States after rounds in which both devices send these changes. */
function play(rounds: readonly (readonly Params[])[], { run = runOf(), start = initial } = {}) {
  let state = fedExLora.init(run, loraShape, start);
  return rounds.map((sent) => {
    const plan = planOf(fedExLora, state, rosterOf(numExamples), createRandom(1), 1);
    const before = state;
    state = fedExLora.aggregate(
      state,
      plan,
      sent.map((delta, device) => trained(device, numExamples[device], 2, delta)),
    );
    return { plan, before, state, params: fedExLora.newcomerParams(state) };
  });
}

function expectValues(found: ArrayLike<number>, expected: readonly number[]): void {
  expect(found.length).toBe(expected.length);
  for (const [i, value] of expected.entries()) expect(found[i], `value ${i}`).toBeCloseTo(value, 5); // f32
}

test("a round of FedEx-LoRA: the factors are the means, and the residual is what the mean of the products has beyond their product", () => {
  const [{ plan, state, params }] = play([apart]);
  expect(plan.tasks.map(({ parameterSets }) => parameterSets)).toEqual([{ global: 0 }, { global: 0 }]);
  expect(valuesOf(fedExLora.globalParams(state))).toEqual({
    "lora/0/query/a": [1, -1], // 0.25 · (1, 2) + 0.75 · (1, −2)
    "lora/0/query/b": [1, 3, 2], // 0.25 · (4, 0, 8) + 0.75 · (0, 4, 0)
    "head/bias": [0], // 0.5 + 0.25 − 0.75
  });
  // 0.25 · (4, 8 / 0, 0 / 8, 16) + 0.75 · (0, 0 / 4, −8 / 0, 0) − (1, −1 / 3, −3 / 2, −2) = (0, 3 / 0, −3 / 0, 6)
  const { "residual/0/query/a": a, "residual/0/query/b": b } = params;
  expect([b.shape, a.shape]).toEqual([
    [3, 1],
    [1, 2],
  ]);
  expectValues(
    [...b.data].flatMap((value) => [value * a.data[0], value * a.data[1]]),
    [0, 3, 0, -3, 0, 6],
  );
  expectValues(effectiveOf(params), [1, 2, 3, -6, 2, 4]);
});

test("the residual goes to the devices as a set beside W in train and evaluate steps, and stays the same tensors while nothing joins it", () => {
  const [first, second] = play([apart, [still, still]]);
  const { plan } = second;
  expect(plan.tasks.map(({ parameterSets }) => parameterSets)).toEqual(Array(2).fill({ global: 0, "residual/0": 1 }));
  expect(plan.payloads[1]["residual/0/query/b"]).toBe(first.state.tensors["R/0/residual/0/query/b"]);
  expect(second.state.tensors["R/0/residual/0/query/a"]).toBe(first.state.tensors["R/0/residual/0/query/a"]); // equal devices
  expect(Object.keys(second.state.tensors).sort()).toEqual(Object.keys(first.state.tensors).sort());
  const [round] = play([apart], { run: runOf({ numRounds: 2, evaluateEvery: 1 }) });
  const evaluating = planOf(fedExLora, round.state, rosterOf(numExamples), createRandom(1), 1);
  expect(evaluating.tasks[0].spec.kind).toBe("evaluate");
  expect(evaluating.tasks[0].parameterSets).toEqual({ global: 0, "residual/0": 1 });
});

test("the residual is one dense difference from the rank m n / (m + n) on, here 1.2", () => {
  // means B 1, 3, 2 and A 1, −1; then B_0 = 1, 3, 6, A_0 = 3, −1 and B_1 = 1, 3, 2 − 4/3, A_1 = 1 − 2/3, −1: another direction of A
  const third = [factorsOf({ b: [[0], [0], [4]], a: [[2, 0]] }, [0]), factorsOf({ b: [[0], [0], [-4 / 3]], a: [[-2 / 3, 0]] }, [0])];
  const [, , { params, state }] = play([apart, [still, still], third]);
  expect(Object.keys(params).filter((name) => name.startsWith("residual/"))).toEqual(["residual/0/query/dense"]);
  // (0, 3 / 0, −3 / 0, 6) + 0.25 · (0, 0, 4)ᵀ (2, 0) + 0.75 · (0, 0, −4/3)ᵀ (−2/3, 0)
  expectValues(params["residual/0/query/dense"].data, [0, 3, 0, -3, 2 + 2 / 3, 6]);
  expect(Object.keys(state.tensors).filter((name) => name.startsWith("R/"))).toEqual(["R/0/residual/0/query/dense"]);
});

test.each(["f32", "f16"] as const)(
  "whatever the devices train, the effective weights become the mean of theirs, with W in %s",
  (paramsEncoding) => {
    const [rows, columns, rank] = [10, 13, 1];
    const random = createRandom(11).stream({ purpose: "test" });
    const tensor = (shape: [number, number]) => ({
      shape,
      data: Float32Array.from({ length: shape[0] * shape[1] }, () => random.normal()),
    });
    const draw = () => ({ "lora/0/query/a": tensor([rank, columns]), "lora/0/query/b": tensor([rows, rank]) });
    const shape = { ...loraShape, alwaysShared: [] };
    let state = fedExLora.init(runOf({ paramsEncoding, numRounds: 20, evaluateEvery: 20 }), shape, draw());
    const forms: string[] = [];
    for (let round = 1; round <= 12; round++) {
      const plan = planOf(fedExLora, state, rosterOf(numExamples), createRandom(1), 1);
      const deltas = [draw(), draw()];
      const sent = fedExLora.newcomerParams(state);
      const theirs = deltas.map((delta) => effectiveOf(sent, delta));
      expect(
        residualOf(Object.fromEntries(Object.entries(plan.tasks[0].parameterSets).map(([name, at]) => [name, plan.payloads[at]]))),
      ).toEqual(Object.fromEntries(Object.entries(sent).filter(([name]) => name.startsWith("residual/"))));
      state = fedExLora.aggregate(
        state,
        plan,
        deltas.map((delta, device) => trained(device, numExamples[device], 2, delta)),
      );
      const expected = meanOf(theirs, numExamples);
      const found = effectiveOf(fedExLora.newcomerParams(state));
      const size = Math.hypot(...expected);
      for (const [i, value] of expected.entries()) expect(Math.abs(found[i] - value)).toBeLessThan(1e-5 * size); // f32, summed over rounds
      const parts = new Set(Object.keys(state.tensors).flatMap((name) => /^R\/(\d+)/.exec(name)?.[1] ?? []));
      forms.push(`${parts.size}${"R/0/residual/0/query/dense" in state.tensors ? " dense" : ""}`);
    }
    // in f32 a round's residual has rank 1, with W rounded to f16 rank 2 or 3: factors up to 5, since 10 · 13 / 23 is 5.65
    if (paramsEncoding === "f32") expect(forms.slice(0, 6)).toEqual(["1", "2", "3", "4", "5", "1 dense"]);
    expect(forms[11]).toContain("dense");
  },
);

test("after the last round devices tune W beside the residual for themselves", () => {
  const [{ state }] = play([apart], { run: runOf({ numRounds: 1, evaluateEvery: 1 }, { fineTuneEpochs: 3 }) });
  const tuning = planOf(fedExLora, state, rosterOf(numExamples), createRandom(1), 1);
  expect(tuning.tasks[0]).toMatchObject({
    spec: { kind: "train", epochs: 3, isPersonalised: true },
    parameterSets: { initial: 0, "residual/0": 1 },
  });
});

test("FedEx-LoRA refuses a run without LoRA", () => {
  const run = runOf();
  const other = { ...run, tuning: { ...run.tuning, method: "prefix" } as unknown as typeof run.tuning };
  expect(() => fedExLora.init(other, loraShape, initial)).toThrow("fedExLora trains LoRA's factors: set tuning.method to lora");
});
