import { expect, test } from "vitest";
import { createRandom } from "../random.ts";
import { paramsOf, planOf, rosterOf, testRun, testShape, trained } from "../testing/run.ts";
import { fedPepTao } from "./fedPepTao/index.ts";
import { fedPipe } from "./fedPipe/index.ts";
import { forgetControl } from "./forgetControls.ts";
import { hetLora } from "./hetLora/index.ts";

const tensors = paramsOf({
  "W/prefix/0": [5, 6],
  "c/prefix/0": [0.75, -1],
  "c/prefix/1": [2, 4],
  "c/1/prefix/0": [1, 2],
  "c/1/prefix/1": [8, -8],
  "c/11/prefix/0": [2, -6],
});

test("c loses c_i / N and c_i is gone; another device's variate and everything else stay the same objects (P-128)", () => {
  const next = forgetControl(tensors, 1, 4);
  expect(Object.keys(next)).toEqual(["W/prefix/0", "c/prefix/0", "c/prefix/1", "c/11/prefix/0"]);
  expect([...next["c/prefix/0"].data]).toEqual([0.5, -1.5]);
  expect([...next["c/prefix/1"].data]).toEqual([0, 6]);
  expect(next["c/11/prefix/0"]).toBe(tensors["c/11/prefix/0"]);
  expect(next["W/prefix/0"]).toBe(tensors["W/prefix/0"]);
  expect([...tensors["c/prefix/0"].data]).toEqual([0.75, -1]);
});

test("a device without a variate changes nothing (P-128)", () => {
  expect(forgetControl(tensors, 3, 4)).toBe(tensors);
});

test("where all devices take equally many steps, c stays the mean of the devices' variates after one was deleted (P-128)", () => {
  const run = testRun(
    { numDevices: 4, minDevices: 4, cohortSize: 4, evaluateEvery: 100, numRounds: 100 },
    { selector: "all", initialPrompts: "fresh", serverLearningRate: 0.05 },
  );
  let state = fedPepTao.init(
    { ...run, training: { ...run.training, clientLearningRate: 0.04 } },
    testShape(1),
    paramsOf({ "prefix/0": [0] }),
  );
  const meanError = () => {
    const of = (name: string) => state.tensors[name]?.data[0] ?? 0;
    return Math.abs(of("c/prefix/0") - [0, 1, 2, 3].reduce((sum, id) => sum + of(`c/${id}/prefix/0`) / 4, 0));
  };
  const round = (deltas: readonly number[]) => {
    const plan = planOf(fedPepTao, state, rosterOf([3, 3, 3, 3]), createRandom(1), 1);
    state = fedPepTao.aggregate(
      state,
      plan,
      deltas.map((delta, id) => trained(id, 3, 2, paramsOf({ "prefix/0": [delta] }))),
    );
  };
  round([0.1, -0.02, 0.06, 0.03]);
  round([0.05, 0.04, -0.08, 0.01]);
  expect(meanError()).toBeLessThan(1e-6);
  const before = state.tensors["c/prefix/0"].data[0];
  state = fedPepTao.forget?.(state, 2, 4) ?? state;
  expect(state.tensors["c/2/prefix/0"]).toBeUndefined();
  expect(Math.abs(state.tensors["c/prefix/0"].data[0] - before)).toBeGreaterThan(1e-2);
  expect(meanError()).toBeLessThan(1e-6);
  round([0.02, -0.01, 0.03, 0.05]); // the deleted device comes back with c_i = 0
  expect(meanError()).toBeLessThan(1e-6);
});

test("strategies that keep a plan or a rank of single devices forget it, and others stay (P-127)", () => {
  const plans = [{ deviceId: 1 }, { deviceId: 4 }];
  const planned = { values: { plans }, tensors: {} } as unknown as Parameters<NonNullable<typeof fedPipe.forget>>[0];
  expect(fedPipe.forget?.(planned, 4, 9).values.plans).toEqual([{ deviceId: 1 }]);
  expect(fedPipe.forget?.(planned, 5, 9)).toBe(planned);
  const pruned = [
    { deviceId: 1, rank: 3 },
    { deviceId: 4, rank: 2 },
  ];
  const ranked = { values: { pruned }, tensors: {} } as unknown as Parameters<NonNullable<typeof hetLora.forget>>[0];
  expect(hetLora.forget?.(ranked, 1, 9).values.pruned).toEqual([{ deviceId: 4, rank: 2 }]);
  expect(hetLora.forget?.(ranked, 2, 9)).toBe(ranked);
});

test("a spectrum that a device sent is forgotten with its control variate (P-127)", () => {
  const run = testRun({ numDevices: 4 });
  const state = fedPepTao.init(run, testShape(2), paramsOf({ "prefix/0": [0], "prefix/1": [0] }));
  const probe = (deviceId: number) => ({ deviceId, ritzValues: [1], ritzWeights: [1], keepFraction: 0.5 });
  const probed = { ...state, values: { ...state.values, probes: [probe(0), probe(3)] } };
  expect(fedPepTao.forget?.(probed, 3, 4).values.probes).toEqual([probe(0)]);
});
