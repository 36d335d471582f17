import { expect, test } from "vitest";
import { zeros } from "../params.ts";
import { testRun, trained } from "../testing/run.ts";
import { aggregationWork } from "./aggregationWork.ts";
import { strategies } from "./table.ts";

const sent = [0, 1, 2].map((device) => trained(device, 1, 1, { "prefix/0": zeros([2, 5]), "head/bias": zeros([3]) }));
const fedAvg = { ...testRun(), strategy: strategies.fedAvg.defaults };

test("the work of a step grows with values, devices and what the rule takes, and more where the server keeps something of each device", () => {
  expect(aggregationWork(fedAvg, sent)).toBe(12 * 39);
  expect(aggregationWork({ ...fedAvg, aggregation: { name: "normClipping", maxNorm: 1 } }, sent)).toBe(12 * 2 * 39);
  expect(aggregationWork({ ...fedAvg, aggregation: { name: "multiKrum", numByzantine: 0 } }, sent)).toBe(12 * 4.5 * 39);
  expect(aggregationWork(testRun(), sent)).toBe(12 * 3 * 39); // FedPepTAO's control variates
});

test("slopes are summed over as many values as the others' changes have", () => {
  const measured = trained(3, 1, 4, { slopes: zeros([4]) });
  expect(aggregationWork(fedAvg, [...sent, measured])).toBe(12 * (39 + 4) + 4 * 13);
});
