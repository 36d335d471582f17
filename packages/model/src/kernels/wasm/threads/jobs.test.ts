import { expect, test } from "vitest";
import { functionNames, type WasmProgram } from "../functions.ts";
import { productJob } from "../rowJobs.ts";
import { numPartsOf, rangeJob, runPart } from "./jobs.ts";

/** A program that notes what it is called with. */
function noting() {
  const calls: number[][] = [];
  const note = (...parameters: number[]) => void calls.push(parameters);
  return { calls, program: Object.fromEntries(functionNames.map((name) => [name, note])) as WasmProgram };
}

test("a job is cut into equal shares for all threads, and stays whole where a share would not be worth a hand-over", () => {
  expect([1, 2, 3, 5].map((numThreads) => numPartsOf(1_000_000, 1_000, numThreads))).toEqual([1, 8, 12, 20]);
  expect([1_999, 2_000, 3_999, 4_000, 5_999, 6_000].map((work) => numPartsOf(work, 1_000, 3))).toEqual([1, 2, 3, 3, 3, 6]);
});

test("parts differ by at most one of the units that are computed at once, and leave none out", () => {
  for (const [numUnits, unitsAtOnce, numParts] of [
    [164, 4, 8],
    [1000, 16, 12],
    [37, 1, 5],
    [24, 8, 8],
  ]) {
    const { calls, program } = noting();
    const job = rangeJob({ name: "copy", parameters: [{ from: 300, perUnit: 2 }, "count", 7], numUnits, unitsAtOnce, numParts });
    for (let part = 0; part < job.numParts; part++) runPart(program, job, part, 0);
    let end = 300;
    for (const [from, count, same] of calls) {
      expect([from, same]).toEqual([end, 7]);
      end += 2 * count;
    }
    expect(end).toBe(300 + 2 * numUnits);
    const numBlocks = calls.map(([, count]) => Math.ceil(count / unitsAtOnce));
    expect(Math.max(...numBlocks) - Math.min(...numBlocks)).toBeLessThanOrEqual(1);
    expect(Math.min(...numBlocks)).toBeGreaterThan(0);
  }
});

test("two threads share a product by its columns, half each", () => {
  const { calls, program } = noting();
  const job = productJob({ x: 0, panels: 0, y: 0, bias: null }, { rows: 164, numIn: 128, numOut: 384, numThreads: 2 });
  for (let part = 0; part < job.numParts; part++) runPart(program, job, part, 0);
  expect(calls.map((parameters) => [parameters[7], parameters[8]])).toEqual(Array.from({ length: 8 }, () => [164, 48]));
});
