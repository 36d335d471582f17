import { expect, test } from "vitest";
import { perturbationRows } from "./perturbing.ts";

test("a round of FedKSeed keeps to its bytes, up and down, and replaying its seeds is timed", async () => {
  const rows = await perturbationRows();
  const [up, down, newcomer, ...times] = rows.map(({ value }) => value ?? Number.NaN);
  expect(rows.filter(({ goal }) => goal !== null).map(({ holds }) => holds)).toEqual([true, true, true]);
  expect(up).toBeGreaterThan(0.4); // 200 values of 2 bytes
  expect(down).toBeGreaterThan(3.5); // about 1,000 values of 4
  expect(newcomer).toBeGreaterThan(17);
  expect(times).toHaveLength(3);
  for (const time of times) expect(time).toBeGreaterThan(0);
});
