import type { DeviceId, RoundPlan } from "@tutti/core";
import type { Withdrawn } from "@tutti/protocol";
import type { CoordinatorConfig } from "../config.ts";
import type { Receipts } from "../entry/receipts.ts";
import type { Journal, JournalledDevice, TakenBack } from "../journal/journal.ts";
import type { StepName } from "./acceptance.ts";
import type { Client } from "./members.ts";
import type { Lease, OpenStep } from "./openStep.ts";
import type { Roster } from "./roster.ts";

/** What taking back needs of its surroundings. */
export interface WithdrawalPorts {
  readonly config: CoordinatorConfig;
  readonly journal: Journal;
  readonly receipts: Pick<Receipts, "note" | "forget">;
  /**
   * Takes a device out of the strategy's state, and with `isSummed`, while a contribution of its client's is being summed, out of the next one as
   * well. Whether there was anything of it; N counts the device.
   */
  forget(deviceId: DeviceId, numDevices: number, isSummed: boolean): boolean;
  /** Steps that are closed. */
  pastSteps(): Iterable<StepName>;
  /** Contributions of a device that closed steps have summed. */
  numSummed(deviceId: DeviceId): number;
}

/** What a client takes its devices out of. */
export interface WithdrawalSources {
  readonly ports: WithdrawalPorts;
  readonly members: Roster;
  readonly step: OpenStep | null;
}

/**
 * Deletes what is kept of a client and of the devices that it trained last, wherever they live now, and lets it go (P-127). First what a run's
 * numbers hang on, in one turn, then the devices' records and the client's: who asks again after a kill in between has the rest deleted.
 */
export function withdraw(client: Client, { ports, members, step }: WithdrawalSources): Withdrawn {
  const { homes } = members;
  const { run } = ports.config;
  const devices = homes.devices().filter((device) => isOwn(device, client));
  const { numContributions, numInSum } =
    step === null ? { numContributions: 0, numInSum: 0 } : leaveStep(client, devices, { ports, members, step });
  const numDevices = run.roster === "fixed" ? run.numDevices : homes.numRegistered;
  const withdrawn = {
    numDevices: devices.length,
    numStates: devices.filter(({ stateSha256 }) => stateSha256 !== null).length,
    numControls: devices.filter(({ deviceId }) => ports.forget(deviceId, numDevices, numInSum > 0)).length,
    numContributions,
    numSummed: numInSum + devices.reduce((sum, { deviceId }) => sum + ports.numSummed(deviceId), 0),
  };
  ports.receipts.forget(client.clientKey);
  members.withdraw(client, devices);
  return withdrawn;
}

/** A device that the client trained last, or that lives with it and that nobody has trained. */
function isOwn({ clientKey: host, stateBy = null }: JournalledDevice, { clientKey }: Client): boolean {
  return stateBy === clientKey || (stateBy === null && host === clientKey);
}

/** Takes a client's contributions out of the step, while they are not summed, and its devices with them. */
function leaveStep(
  { clientKey }: Client,
  own: readonly JournalledDevice[],
  { ports, members, step }: WithdrawalSources & { readonly step: OpenStep },
): { readonly numContributions: number; readonly numInSum: number } {
  const leases = [...step.leases.values()];
  const sent = leases.filter(({ accepted }) => accepted?.by === clientKey);
  const isCounted = [...ports.pastSteps()].some((past) => isOf(step, past));
  if (step.isOver && !step.isMissed) return { numContributions: 0, numInSum: isCounted ? 0 : sent.length };
  const ownIds = new Set(own.map(({ deviceId }) => deviceId));
  const goes = (deviceId: DeviceId) => ownIds.has(deviceId) || members.homes.get(deviceId)?.clientKey === clientKey;
  const hosted = leases.filter(({ accepted, task }) => accepted === null && goes(task.deviceId));
  if (sent.length + hosted.length === 0) return { numContributions: 0, numInSum: 0 };
  takeBack(step, [...sent, ...hosted]);
  const { stage, round, step: number, attempt } = step.plan;
  const deviceIds = [...step.takenBack].sort((a, b) => a - b);
  const taskIds = sent.map(({ taskId }) => taskId);
  ports.journal.takeBack(taskIds, { stage, round, step: number, attempt, deviceIds });
  for (const lease of sent) lease.accepted = null;
  return { numContributions: sent.length, numInSum: 0 };
}

/** The step goes on as if these devices had left it. */
function takeBack(step: OpenStep, leases: readonly Lease[]): void {
  for (const lease of leases) {
    step.takenBack.add(lease.task.deviceId);
    if (lease.state === "open") lease.end({ kind: "left" });
  }
}

/** Devices that left a step in an earlier process, by taking their contributions back, are out of it in this one. */
export function endTakenBack(step: OpenStep, takenBack: TakenBack | null): void {
  if (takenBack === null || !isOf(step, takenBack)) return;
  const leases = takenBack.deviceIds.flatMap((deviceId: DeviceId) => step.byDevice.get(deviceId) ?? []);
  takeBack(step, leases);
}

function isOf({ plan }: OpenStep, { stage, round, step, attempt }: Pick<RoundPlan, "stage" | "round" | "step" | "attempt">): boolean {
  return plan.stage === stage && plan.round === round && plan.step === step && plan.attempt === attempt;
}
