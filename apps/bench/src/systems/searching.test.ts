import { expect, test } from "vitest";
import { searchRows } from "./searching.ts";

test("a round of FedBPT keeps to its bytes, up and down, and its arithmetic is timed", async () => {
  const rows = await searchRows();
  const [up, down, whole, ...times] = rows.map(({ value }) => value ?? Number.NaN);
  expect(rows.filter(({ goal }) => goal !== null).map(({ holds }) => holds)).toEqual([true, true]);
  expect(up).toBeGreaterThan(1); // 500 values of 2 bytes
  expect(down).toBeGreaterThan(20); // 10 devices of 500 values of 4
  expect(whole).toBeGreaterThan(501); // a triangle of 500 rows
  expect(times).toHaveLength(3);
  for (const time of times) expect(time).toBeGreaterThan(0);
});
