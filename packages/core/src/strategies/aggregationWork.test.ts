import { expect, test } from "vitest";
import { zeros } from "../params.ts";
import type { RunSettings } from "../run.ts";
import { loraRun } from "../testing/loraRun.ts";
import { testRun, trained } from "../testing/run.ts";
import { aggregationWork } from "./aggregationWork.ts";
import { strategies } from "./table.ts";

const sent = [0, 1, 2].map((device) => trained(device, 1, 1, { "prefix/0": zeros([2, 5]), "head/bias": zeros([3]) }));
const fedAvg = { ...testRun(), strategy: strategies.fedAvg.defaults };

test("the work of a step grows with values, devices and what the rule takes, and more where the server keeps something of each device", () => {
  expect(aggregationWork(fedAvg, sent, { round: 2 })).toBe(12 * 39);
  expect(aggregationWork({ ...fedAvg, aggregation: { name: "normClipping", maxNorm: 1 } }, sent, { round: 2 })).toBe(12 * 2 * 39);
  expect(aggregationWork({ ...fedAvg, aggregation: { name: "multiKrum", numByzantine: 0 } }, sent, { round: 2 })).toBe(12 * 4.5 * 39);
  expect(aggregationWork(testRun(), sent, { round: 2 })).toBe(12 * 3 * 39); // FedPepTAO's control variates
});

test("the round of SLoRA's switch counts an SVD of each matrix, exact ones by the cube of their size; the others do not", () => {
  const tuning = { ...loraRun().tuning, rank: 8 } as RunSettings["tuning"];
  const run = { ...testRun(), tuning, strategy: { name: "sLora", sparseRounds: 3, density: 0.01 } } as const;
  const small = [trained(0, 1, 1, { "sparse/0/query": zeros([100]), "sparse/0/value": zeros([100]), "head/bias": zeros([3]) })];
  expect(aggregationWork(run, small, { round: 2 })).toBe(12 * 203);
  expect(aggregationWork(run, small, { round: 3 })).toBeCloseTo(2 * 30 * 100 ** 3 + 12 * 203, 3);
  const large = [trained(0, 1, 1, { "sparse/0/query": zeros([10_000]) })]; // 1000 × 1000
  expect(aggregationWork(run, large, { round: 3 })).toBeCloseTo(12 * 16 * 1e6 + 12 * 10_000, 3);
});

test("slopes are summed over as many values as the others' changes have", () => {
  const measured = trained(3, 1, 4, { slopes: zeros([4]) });
  expect(aggregationWork(fedAvg, [...sent, measured], { round: 2 })).toBe(12 * (39 + 4) + 4 * 13);
});
