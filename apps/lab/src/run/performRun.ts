import { collectRecord, hashParameters, type RunCircumstances, type RunRecord } from "@tutti/record";
import type { RunOutcome } from "@tutti/server";
import { attackersOf } from "../attacks/attackers.ts";
import { identityOf, type RunOrder } from "../experiment/plannedRun.ts";
import { measureBeside } from "./besideRun.ts";
import { driveRun } from "./driveRun.ts";
import type { DrivenRun, RunPlace } from "./runPlace.ts";
import type { Workbench } from "./workbench.ts";

/** A run that is over. */
export interface PerformedRun {
  readonly outcome: RunOutcome;
  /** Its record, which waits for the replay. */
  readonly record: Promise<RunRecord>;
}

/** What a record has besides what is measured. */
export interface BesideRecord {
  /** Where the answers are replayed; null for a record without that. */
  readonly workbench: Workbench | null;
  /** Known before the run. */
  readonly known?: Pick<RunCircumstances, "majority" | "notes">;
}

/** Runs one federated run to its end, or goes on with it; rejects when it fails, and with the signal's reason when it is stopped. */
export async function performRun(order: RunOrder, place: RunPlace, { workbench, known = {} }: BesideRecord): Promise<PerformedRun> {
  const driven = await driveRun(order, place);
  const measured = recordOf(order, place, { driven, known });
  const record = workbench === null ? Promise.resolve(measured) : withReplay(order, workbench, { driven, measured });
  record.catch(() => undefined); // whoever performs the run awaits it later
  return { outcome: driven.outcome, record };
}

/** Everything but what a replay finds. */
function recordOf(
  order: RunOrder,
  { clients, numRemote, threads }: RunPlace,
  { driven, known }: { readonly driven: DrivenRun; readonly known: NonNullable<BesideRecord["known"]> },
): RunRecord {
  const { outcome, origin, backend, totalSeconds, usage, faults } = driven;
  const local = new Map([...outcome.deviceStates].map(([deviceId, state]) => [deviceId, state.local]));
  return collectRecord(
    identityOf(order),
    { ...outcome, allParams: outcome.newcomerParams },
    {
      ...known,
      backend,
      clients: clients.kind,
      numClients: clients.count + numRemote,
      threads,
      totalSeconds,
      usage,
      faults,
      ...(order.attackPlan === undefined
        ? {}
        : { attack: { plan: order.attackPlan, attackers: attackersOf(order.attackPlan, order.settings.numDevices) } }),
      ...(order.noisePlan === undefined ? {} : { noise: order.noisePlan }),
      ...(origin === null ? {} : { origin }),
      parametersSha256: hashParameters(outcome.globalParams, local),
    },
  );
}

async function withReplay(
  order: RunOrder,
  workbench: Workbench,
  { driven, measured }: { readonly driven: DrivenRun; readonly measured: RunRecord },
): Promise<RunRecord> {
  const { accuracy: reportedAccuracy = null, score: reportedScore = null } = measured.final.global ?? {};
  const { majority, zeroShot, ...beside } = await measureBeside(order, workbench, { ...driven, reportedAccuracy, reportedScore });
  return { ...measured, ...beside, controls: { ...measured.controls, majority, zeroShot: measured.controls.zeroShot ?? zeroShot } };
}
