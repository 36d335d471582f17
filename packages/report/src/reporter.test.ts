import { experimentOfRun } from "@tutti/record";
import { exampleRun } from "@tutti/record/testing";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createReporter, type ReporterPorts } from "./reporter.ts";

const result = experimentOfRun(exampleRun, { startedAt: "2026-01-02T03:04:05.000Z" });

beforeEach(() => void vi.useFakeTimers({ now: 0 }));
afterEach(() => void vi.useRealTimers());

/** A reporter whose reports take 4 s; `starts` are the times at which they begin. */
function reporterOf(ports: Partial<ReporterPorts> = {}) {
  const starts: number[] = [];
  const troubles: unknown[] = [];
  let numAtOnce = 0;
  const reporter = createReporter({
    folder: "somewhere",
    collect: () => result,
    onTrouble: (error) => troubles.push(error),
    nowMs: () => Date.now(),
    async render() {
      numAtOnce += 1;
      expect(numAtOnce).toBe(1);
      starts.push(Date.now() / 1000);
      await new Promise((resolve) => setTimeout(resolve, 4000));
      numAtOnce -= 1;
    },
    ...ports,
  });
  return { reporter, starts, troubles };
}

test("reports begin at least 30 s apart, however often something changes, and there is none without a change", async () => {
  const { reporter, starts } = reporterOf();
  for (let second = 0; second < 65; second++) {
    reporter.changed();
    await vi.advanceTimersByTimeAsync(1000);
  }
  await vi.advanceTimersByTimeAsync(300_000);
  expect(starts).toEqual([0, 30, 60, 90]); // the last is of what changed during the one before
});

test("a report that takes longer than the interval is never met by another", async () => {
  const { reporter, starts, troubles } = reporterOf({ everyMs: 1000 });
  for (let second = 0; second < 10; second++) {
    reporter.changed();
    await vi.advanceTimersByTimeAsync(1000);
  }
  expect(starts.map(Math.floor)).toEqual([0, 4, 8]);
  expect(troubles).toEqual([]);
});

test("the end waits for the report that is under way and always has one of its own", async () => {
  const { reporter, starts } = reporterOf();
  reporter.changed();
  await vi.advanceTimersByTimeAsync(1000);
  let isFinished = false;
  const finished = reporter.finish().then(() => {
    isFinished = true;
  });
  await vi.advanceTimersByTimeAsync(6000);
  expect(isFinished).toBe(false);
  await vi.advanceTimersByTimeAsync(1000);
  await finished;
  reporter.changed();
  await vi.advanceTimersByTimeAsync(100_000);
  expect(starts).toEqual([0, 4]);
});

test("reports that fail are told of once and stop neither later ones nor the end", async () => {
  let numTries = 0;
  const { reporter, troubles } = reporterOf({
    everyMs: 1000,
    async render() {
      numTries += 1;
      throw new Error(`try ${numTries}`);
    },
  });
  for (let i = 0; i < 3; i++) {
    reporter.changed();
    await vi.advanceTimersByTimeAsync(1000);
  }
  await reporter.finish();
  expect(numTries).toBe(4);
  expect(troubles).toEqual([new Error("try 1")]);
});

test("nothing is written while there is nothing to report, and a collector that throws is trouble like any other", async () => {
  const nothing = reporterOf({ collect: () => null });
  await nothing.reporter.finish();
  expect([nothing.starts, nothing.troubles]).toEqual([[], []]);
  const broken = reporterOf({
    collect() {
      throw new Error("no record");
    },
  });
  await broken.reporter.finish();
  expect(broken.troubles).toEqual([new Error("no record")]);
});
