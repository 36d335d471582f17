import { expect, test } from "vitest";
import { countRows, kernelRow, stepRow, weightRow } from "./kernelRows.ts";

test("a step's row is the ratio, with the plain twin and the times beside it", () => {
  const step = { timesStock: 5.337, timesPlain: 2.2, ownMs: 101.4, stockMs: 540, plainMs: 223, numRounds: 7, lossDifference: 3e-7 };
  expect(stepRow("minuet on wasm", step, { atLeast: 5 })).toEqual({
    name: "minuet on wasm: stock / ours",
    value: 5.337,
    unit: "×",
    goal: "≥ 5",
    holds: true,
    note: "plain twin 2.2 ×; 101 ms; stock 540 ms, plain twin 223 ms; median of 7; losses differ by 3e-7",
  });
});

test("too many dispatches, and a pipeline that is compiled late, do not hold", () => {
  const own = { perLayer: 21, total: 60, readbacks: 0, pipelines: 1 };
  const rows = countRows("bert", { own, stock: { ...own, perLayer: 140 } }, 20);
  expect(rows.map(({ holds }) => holds)).toEqual([false, false]);
  expect(rows[0]?.note).toBe("stock 140");
});

test("weights are compared with their packed size", () => {
  const memory = { packedBytes: 2e6, weightBytes: 2.1e6, allocatedBytes: 9e6, loss: 3, stepMs: 70 };
  expect(weightRow("minuet", memory)).toMatchObject({
    value: 1.05,
    holds: true,
    note: "2.1 MB of 2 MB packed; with all buffers of a step 9 MB",
  });
});

test("a kernel's row says operations, bytes and rates, or why there are none", () => {
  const kernel = { name: "norm", operations: 3e6, bytes: 6e6, ms: 2, fractionOfRoofline: 0.5, reason: null };
  expect(kernelRow("768:", kernel)).toMatchObject({ value: 2, note: "3 MFLOP, 6 MB; 1.5 GFLOP/s, 3 GB/s, 50 % of the roofline" });
  const missing = { ...kernel, ms: null, fractionOfRoofline: null, reason: "this backend has none" };
  expect(kernelRow("768:", missing)).toMatchObject({ value: null, note: "3 MFLOP, 6 MB; this backend has none" });
});
