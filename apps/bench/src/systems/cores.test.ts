import { expect, test } from "vitest";
import { coreRows } from "./cores.ts";

test("rounds of FedTT and FedTT+ keep to their bytes, and the server's step is timed", async () => {
  const rows = await coreRows();
  const [all, up, down, whole, overTt, overPlus, serverMs] = rows.map(({ value }) => value ?? Number.NaN);
  expect(rows.flatMap(({ holds }) => (holds === null ? [] : [holds]))).toEqual(Array(5).fill(true));
  expect(all).toBeGreaterThan(134.4); // 33,600 values of four bytes
  expect(whole).toBeGreaterThan(134.4);
  for (const bytes of [up, down]) expect(bytes).toBeGreaterThan(38.4); // 48 middle cores of 200 values
  expect(overTt).toBeGreaterThan(7);
  expect(overPlus).toBeGreaterThan(overTt ?? 0);
  expect(serverMs).toBeGreaterThan(0);
});
