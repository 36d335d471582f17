import type { LabRun } from "@tutti/record";
import type { PlannedRun } from "../experiment/plannedRun.ts";
import { measureBeside } from "./besideRun.ts";
import { collectRun } from "./collectRun.ts";
import { driveRun } from "./driveRun.ts";
import type { RunPlace } from "./runPlace.ts";
import type { Workbench } from "./workbench.ts";

/** A run that is over, and its result, which waits for the replay. */
export interface PerformedRun {
  readonly backend: string;
  readonly result: Promise<LabRun>;
}

/** Runs one federated run to its end, or goes on with it; rejects when it fails, and with the signal's reason when it is stopped. */
export async function performRun(planned: PlannedRun, place: RunPlace, workbench: Workbench): Promise<PerformedRun> {
  const driven = await driveRun(planned, place);
  const { outcome, backend, totalSeconds, usage, faults, lastEvaluation, newcomers } = driven;
  const measured = collectRun(planned, outcome, { backend, clients: place.clients.kind, usage, totalSeconds, faults });
  const reportedAccuracy = measured.final.global?.accuracy ?? null;
  const remains = { outcome, lastEvaluation, newcomers, reportedAccuracy, backend };
  const result = measureBeside(planned, workbench, remains).then(({ majority, zeroShot, ...beside }) => {
    return { ...measured, ...beside, controls: { ...measured.controls, majority, zeroShot: measured.controls.zeroShot ?? zeroShot } };
  });
  result.catch(() => undefined); // whoever performs the run awaits it later
  return { backend, result };
}
