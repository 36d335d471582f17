import type { DeviceId } from "@tutti/core";
import type { Withdrawn } from "@tutti/protocol";
import type { JournalledDevice, TakenBack } from "../journal/journal.ts";
import type { Client } from "./members.ts";
import type { Lease, OpenStep } from "./openStep.ts";
import type { PoolPorts } from "./pool.ts";
import type { Roster } from "./roster.ts";

/** What a client takes its devices out of. */
export interface WithdrawalSources {
  readonly ports: Pick<PoolPorts, "config" | "journal" | "forget" | "numSummed">;
  readonly members: Roster;
  readonly step: OpenStep | null;
}

/**
 * Deletes what is kept of a client and its devices, and lets it go (P-127). First what a run's numbers hang on, in one turn, then the devices'
 * records and the client's: who asks again after a kill in between has the rest deleted.
 */
export function withdraw(client: Client, { ports, members, step }: WithdrawalSources): Withdrawn {
  const { homes } = members;
  const { config, journal } = ports;
  const devices = homes.devicesOf(client.clientKey);
  const ids = devices.map(({ deviceId }) => deviceId);
  const open = step === null ? [] : ids.flatMap((deviceId) => step.byDevice.get(deviceId) ?? []);
  const isSumming = step?.isOver === true && !step.isMissed;
  const taken = isSumming ? [] : open.filter(({ accepted }) => accepted !== null);
  if (step !== null && !isSumming && open.length > 0) {
    takeBack(step, open);
    const { stage, round, step: number, attempt } = step.plan;
    journal.takeBack(
      taken.map(({ taskId }) => taskId),
      { stage, round, step: number, attempt, deviceIds: [...step.takenBack].sort((a, b) => a - b) },
    );
  }
  const numDevices = config.run.roster === "fixed" ? config.run.numDevices : homes.numRegistered;
  const forgotten = ids.filter((deviceId) => ports.forget(deviceId, numDevices));
  const numInSum = isSumming ? open.filter(({ accepted }) => accepted !== null).length : 0;
  const withdrawn = {
    numDevices: ids.length,
    numStates: devices.filter(({ stateSha256 }) => stateSha256 !== null).length,
    numControls: forgotten.length,
    numContributions: taken.length,
    numSummed: numInSum + ids.reduce((sum, deviceId) => sum + ports.numSummed(deviceId), 0),
  };
  for (const lease of taken) lease.accepted = null;
  members.withdraw(client);
  return withdrawn;
}

/** The step goes on as if these devices had left it. */
function takeBack(step: OpenStep, leases: readonly Lease[]): void {
  for (const lease of leases) {
    step.takenBack.add(lease.task.deviceId);
    if (lease.state === "open") lease.end({ kind: "left" });
  }
}

/** A device after its client took everything back: a share goes to the next host, and what a client claimed of its own examples goes with it. */
export function released(device: JournalledDevice, isFixed: boolean): JournalledDevice {
  const nothing = {
    clientKey: null,
    version: null,
    versionSha256: null,
    stateSha256: null,
    stateBy: null,
    claimedBy: null,
    wasReset: true,
  };
  return { ...device, ...nothing, numExamples: isFixed ? device.numExamples : null };
}

/** Devices that left a step in an earlier process, by taking their contributions back, are out of it in this one. */
export function endTakenBack(step: OpenStep, takenBack: TakenBack | null): void {
  if (takenBack === null || !isOf(step, takenBack)) return;
  const leases = takenBack.deviceIds.flatMap((deviceId: DeviceId) => step.byDevice.get(deviceId) ?? []);
  takeBack(step, leases);
}

function isOf({ plan }: OpenStep, { stage, round, step, attempt }: TakenBack): boolean {
  return plan.stage === stage && plan.round === round && plan.step === step && plan.attempt === attempt;
}
