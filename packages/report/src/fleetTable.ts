import { formatSeconds } from "@tutti/core";
import type { FleetCost, RunRecord } from "@tutti/record";
import { sizesText } from "./sentences/plans.ts";
import { runName } from "./sentences/runs.ts";
import { meanBytesText, percentText } from "./text.ts";
import { fleetHeads, underUseHead } from "./words.ts";

/** The heads of a fleet's table: a column for each device behind what is told of all. */
export function fleetHead(costs: readonly FleetCost[]): string[] {
  return ["method", ...fleetHeads, ...deviceIds(costs).map(underUseHead)];
}

/** A line for each method, in the order of `fleetHead`. */
export function fleetLines(costs: readonly FleetCost[]): string[][] {
  const ids = deviceIds(costs);
  return costs.map(({ row, secondsPerRound, slowestSeconds, slowestPlannedSeconds, bytesUp, bytesDown, devices }) => [
    row.label,
    ...[secondsPerRound, slowestSeconds, slowestPlannedSeconds].map(formatSeconds),
    ...[bytesUp, bytesDown].map(meanBytesText),
    ...ids.map((id) => {
      const device = devices.find(({ deviceId }) => deviceId === id);
      return device === undefined ? "–" : `${percentText(device.underUse)} (${percentText(device.plannedUnderUse)})`;
    }),
  ]);
}

/** A sentence for each run that grew as it went on. */
export function sizeLines(runs: readonly RunRecord[]): string[] {
  return runs.filter(({ sizes = [] }) => sizes.length > 0).map((run) => `${runName(run)}: ${sizesText(run)}`);
}

function deviceIds(costs: readonly FleetCost[]): number[] {
  return [...new Set(costs.flatMap(({ devices }) => devices.map(({ deviceId }) => deviceId)))].sort((a, b) => a - b);
}
