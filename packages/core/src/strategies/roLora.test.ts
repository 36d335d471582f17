import { expect, test } from "vitest";
import type { Params } from "../params.ts";
import { createRandom } from "../random.ts";
import { factorsOf, loraRun, loraShape } from "../testing/loraRun.ts";
import { planOf, rosterOf, trained, valuesOf } from "../testing/run.ts";
import { roLora } from "./roLora.ts";

const numExamples = [1, 3];
const run = { ...loraRun(), strategy: roLora.defaults };
const initial = factorsOf({ b: [[0], [0]], a: [[2, -4]] }, [0.5]);

/** What the devices send for each factor, in whatever round it is asked for. */
const changes = [factorsOf({ b: [[4], [8]], a: [[1, 2]] }, [1]), factorsOf({ b: [[-4], [0]], a: [[3, -2]] }, [-1])];

test("three rounds: B is trained in the first and third and A in the second, and what is frozen stays the same object", () => {
  let state = roLora.init(run, loraShape, initial);
  const seen: string[] = [];
  const found: Record<string, number[]>[] = [];
  for (let round = 1; round <= 3; round++) {
    const plan = planOf(roLora, state, rosterOf(numExamples), createRandom(1), 1);
    const { global, frozen } = plan.tasks[0].parameterSets;
    seen.push(
      `${Object.keys(plan.payloads[global])} | ${Object.keys(plan.payloads[frozen])} | ${Object.keys(plan.tasks[0].expects.shapes)}`,
    );
    expect(roLora.summary(state).sharedNames).toContain(`lora/0/query/${round < 3 ? "b" : "a"}`); // of the round before
    const next = roLora.aggregate(
      state,
      plan,
      changes.map((change, device) => {
        const names = Object.keys(plan.tasks[device].expects.shapes);
        const delta: Params = Object.fromEntries(Object.entries(change).filter(([name]) => names.includes(name)));
        return trained(device, numExamples[device], 2, delta);
      }),
    );
    for (const name of Object.keys(plan.payloads[frozen])) expect(next.tensors[`W/${name}`]).toBe(state.tensors[`W/${name}`]);
    state = next;
    found.push(valuesOf(roLora.globalParams(state)));
  }
  const [a, b, head] = ["lora/0/query/a", "lora/0/query/b", "head/bias"];
  expect(seen).toEqual([`${b},${head} | ${a} | ${b},${head}`, `${a},${head} | ${b} | ${a},${head}`, `${b},${head} | ${a} | ${b},${head}`]);
  // B moves by 0.25 · (4, 8) + 0.75 · (−4, 0) = (−2, 2), A by 0.25 · (1, 2) + 0.75 · (3, −2) = (2.5, −1), the bias by −0.5 every time
  expect(found).toEqual([
    { [a]: [2, -4], [b]: [-2, 2], [head]: [0] },
    { [a]: [4.5, -5], [b]: [-2, 2], [head]: [-0.5] },
    { [a]: [4.5, -5], [b]: [-4, 4], [head]: [-1] },
  ]);
});
