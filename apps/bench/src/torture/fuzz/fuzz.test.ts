import { expect, test } from "vitest";
import { allTargets } from "./allTargets.ts";
import { type CaseFault, runCases } from "./runCases.ts";

/** Of the processor, for one case. */
const limitMs = 3000;

test("ten thousand hostile messages, blobs and files are answered with a rule or refused in words, in bounded time and memory", async () => {
  const faults: (CaseFault & { readonly name: string | undefined })[] = [];
  const before = process.memoryUsage().rss;
  const numRun = await runCases(allTargets, {
    seed: 1,
    numCases: 10_000,
    limitMs,
    onFault: (fault) => faults.push({ ...fault, name: allTargets[fault.target]?.name }),
  });
  expect(faults).toEqual([]);
  expect(numRun).toBeGreaterThanOrEqual(10_000);
  expect(process.memoryUsage().rss - before).toBeLessThan(600e6);
}, 60_000);
