import { expect, test } from "vitest";
import { sparseRows } from "./sparse.ts";

test("a sparse round of SLoRA keeps to its bytes, and its steps and its switch are timed", async () => {
  const rows = await sparseRows(true);
  expect(rows.filter(({ goal }) => goal !== null).map(({ holds }) => holds)).toEqual([true, true, true]);
  const [f32, f16, ...others] = rows.map(({ value }) => value ?? Number.NaN);
  expect(f32).toBeGreaterThan(3.39); // 849,312 values of 4 bytes
  expect(f16).toBeGreaterThan(1.69);
  for (const value of others) expect(value).toBeGreaterThan(0);
});
