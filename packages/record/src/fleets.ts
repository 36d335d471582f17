import type { Grid, GridColumn, GridRow } from "./grid.ts";
import type { RunRecord } from "./runRecord.ts";
import { summarise } from "./statistics/summary.ts";
import type { DeviceTime, StepRecord } from "./stepRecord.ts";

/** One device of a fleet, over the training rounds of some runs. */
export interface FleetDevice {
  readonly deviceId: number;
  /** Of a round, from the moment its task was sent until its contribution was there. */
  readonly seconds: number;
  readonly plannedSeconds: number;
  /** Share of a round's slowest device's time that it has nothing to do, by measured times and by planned ones. */
  readonly underUse: number;
  readonly plannedUnderUse: number;
}

/** What a method costs a round on one fleet, means over rounds and runs. */
export interface FleetCost {
  readonly row: GridRow;
  readonly numRuns: number;
  /** Of a training round, from its plan to its aggregate. */
  readonly secondsPerRound: number;
  /** Of the slowest device in each round. */
  readonly slowestSeconds: number;
  readonly slowestPlannedSeconds: number;
  readonly bytesUp: number;
  readonly bytesDown: number;
  readonly devices: readonly FleetDevice[];
}

type TimedStep = StepRecord & { readonly devices: readonly DeviceTime[] };

/**
 * The costs of each method on the machines of each column, where the clients of all of them said what their machines can do: one method alone that
 * asks for it has nothing to be compared with.
 */
export function fleetTables(grid: Grid): { readonly column: GridColumn; readonly costs: readonly FleetCost[] }[] {
  return grid.columns.flatMap((column) => {
    const rows = grid.rows.filter((row) => grid.runsOf(row, column).some(({ steps = [] }) => steps.length > 0));
    const costs = rows.flatMap((row) => costOf(row, grid.runsOf(row, column)) ?? []);
    return costs.length === 0 || costs.length < rows.length ? [] : [{ column, costs }];
  });
}

function costOf(row: GridRow, runs: readonly RunRecord[]): FleetCost | null {
  const timed = runs.filter((run) => timedSteps(run).length > 0);
  const steps = timed.flatMap(timedSteps);
  if (steps.length === 0) return null;
  return {
    row,
    numRuns: timed.length,
    secondsPerRound: mean(steps.map(({ seconds }) => seconds)),
    slowestSeconds: mean(steps.map(({ devices }) => slowest(devices, "seconds"))),
    slowestPlannedSeconds: mean(steps.map(({ devices }) => slowest(devices, "plannedSeconds"))),
    bytesUp: mean(timed.map(({ bytes }) => bytes.up)),
    bytesDown: mean(timed.map(({ bytes }) => bytes.down)),
    devices: devicesOf(steps),
  };
}

function timedSteps({ steps = [] }: RunRecord): TimedStep[] {
  return steps.filter((step): step is TimedStep => step.kind === "train" && step.devices !== undefined && step.devices.length > 0);
}

function devicesOf(steps: readonly TimedStep[]): FleetDevice[] {
  const ids = [...new Set(steps.flatMap(({ devices }) => devices.map(({ deviceId }) => deviceId)))].sort((a, b) => a - b);
  return ids.map((deviceId) => {
    const own = steps.flatMap(({ devices }) => {
      const found = devices.find((device) => device.deviceId === deviceId);
      if (found === undefined) return [];
      const idle = (which: "seconds" | "plannedSeconds") => 1 - found[which] / slowest(devices, which);
      return [{ ...found, underUse: idle("seconds"), plannedUnderUse: idle("plannedSeconds") }];
    });
    return {
      deviceId,
      seconds: mean(own.map(({ seconds }) => seconds)),
      plannedSeconds: mean(own.map(({ plannedSeconds }) => plannedSeconds)),
      underUse: mean(own.map(({ underUse }) => underUse)),
      plannedUnderUse: mean(own.map(({ plannedUnderUse }) => plannedUnderUse)),
    };
  });
}

/** The longest time of a step's devices; above 0, as what divides by it expects. */
function slowest(devices: readonly DeviceTime[], which: "seconds" | "plannedSeconds"): number {
  return Math.max(Number.MIN_VALUE, ...devices.map((device) => device[which]));
}

function mean(values: readonly number[]): number {
  return summarise(values)?.mean ?? 0;
}
