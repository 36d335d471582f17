import { expect, test } from "vitest";
import { fleetTables } from "./fleets.ts";
import { gridOf } from "./grid.ts";
import type { RunRecord } from "./runRecord.ts";
import type { StepRecord } from "./stepRecord.ts";
import { simulatedRun } from "./testing/simulatedExperiment.ts";

const rest = {
  stage: "train",
  round: 1,
  step: 1,
  attempt: 1,
  cohort: [0, 1],
  counted: [0, 1],
  firstLoss: 1,
  lastLoss: 1,
  evaluations: [],
} as const;

function step(seconds: number, times: readonly (readonly [number, number])[], kind: StepRecord["kind"] = "train"): StepRecord {
  const devices = times.map(([measured, plannedSeconds], deviceId) => ({ deviceId, seconds: measured, plannedSeconds }));
  return { ...rest, kind, seconds, bytesUp: 0, bytesDown: 0, ...(devices.length === 0 ? {} : { devices }) };
}

const onFleet = (fleet: string, steps: readonly StepRecord[]): RunRecord => ({
  ...simulatedRun({ method: "lora", task: "feedback/topic", seed: 1, variant: { fleet } }),
  steps,
});

test("a round's time, its slowest device and every device's under-use are means over the training rounds of a fleet", () => {
  const uneven = onFleet("uneven", [
    step(5, [
      [1, 2],
      [4, 3],
    ]),
    step(7, [
      [6, 1],
      [3, 4],
    ]),
    step(99, [], "evaluate"),
  ]);
  const uniform = onFleet("uniform", [
    step(3, [
      [2, 2],
      [2, 2],
    ]),
  ]);
  const tables = fleetTables(gridOf([uneven, uniform]));
  expect(tables.map(({ column }) => column.conditions)).toEqual(["fleet uneven", "fleet uniform"]);
  const [found] = tables[0]?.costs ?? [];
  expect(found).toMatchObject({ numRuns: 1, secondsPerRound: 6, slowestSeconds: 5, slowestPlannedSeconds: 3.5 });
  // device 0: 1 − 1/4 and 0; device 1: 0 and 1 − 3/6. By the plans 1 − 2/3 and 1 − 1/4; 0 and 0
  const [zeroth, first] = found?.devices ?? [];
  expect(zeroth).toMatchObject({ deviceId: 0, seconds: 3.5, plannedSeconds: 1.5, underUse: 0.375 });
  expect(zeroth?.plannedUnderUse).toBeCloseTo((1 / 3 + 3 / 4) / 2, 12);
  expect(first).toMatchObject({ deviceId: 1, seconds: 3.5, underUse: 0.25, plannedUnderUse: 0 });
  expect(tables[1]?.costs[0]?.devices.map(({ underUse }) => underUse)).toEqual([0, 0]);
});

test("runs whose clients said nothing of their machines have no such costs", () => {
  expect(fleetTables(gridOf([simulatedRun({ method: "lora", task: "feedback/topic", seed: 1 })]))).toEqual([]);
});

test("a method that asks for machines beside others that do not has no table: it would be compared with none", () => {
  const plain = { ...simulatedRun({ method: "lora", task: "feedback/topic", seed: 1 }), steps: [step(3, [])] };
  const planned = {
    ...simulatedRun({ method: "fedPipe", task: "feedback/topic", seed: 1 }),
    steps: [
      step(3, [
        [2, 2],
        [2, 2],
      ]),
    ],
  };
  expect(fleetTables(gridOf([planned]))).toHaveLength(1);
  expect(fleetTables(gridOf([planned, plain]))).toEqual([]);
  expect(fleetTables(gridOf([planned, { ...plain, steps: [] }]))).toHaveLength(1); // a run that failed
});
