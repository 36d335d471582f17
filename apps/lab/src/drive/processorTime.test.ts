import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import { parseStat, processorSecondsOf } from "./processorTime.ts";

test("a process' times are read past a name with brackets and blanks", () => {
  const line = "1234 (a) b (c)) S 77 1 1 0 -1 4194560 500 0 0 0 301 52 0 0 20 0 1 0 100 1 1";
  expect(parseStat(line)).toEqual({ pid: 1234, parent: 77, ticks: 353 });
});

test.runIf(existsSync("/proc/self/stat"))("this process' time grows as it computes", () => {
  const before = processorSecondsOf([process.pid]) ?? 0;
  const until = performance.now() + 200;
  let sum = 0;
  while (performance.now() < until) sum += Math.sqrt(sum + 1);
  expect(sum).toBeGreaterThan(0);
  expect(processorSecondsOf([process.pid]) ?? 0).toBeGreaterThan(before);
  expect(processorSecondsOf([])).toBeNull();
});
