import type { DeviceId } from "@tutti/core";
import { type Refusal, type Rule, refuse } from "@tutti/protocol";
import type { JournalledDevice } from "../journal/journal.ts";
import type { Homes } from "./homes.ts";
import type { Client } from "./members.ts";

/** Devices that a client says are ready, with their n_i. */
export type Registrations = readonly { readonly deviceId: DeviceId; readonly numExamples: number }[];

/** What decides whether a registration is taken. */
export interface RegistrationRules {
  readonly homes: Pick<Homes, "get">;
  /** n_i in the lease of the task that a device has out, or null where it has none. */
  leasedExamples(deviceId: DeviceId): number | null;
  /** n_i of a device's share as the coordinator dealt it, or null where only its client knows it (P-120). */
  dealtExamples(device: JournalledDevice, client: Client): number | null;
}

/** A device that is not registered, and why. */
export interface RefusedDevice {
  readonly deviceId: DeviceId;
  readonly rule: Rule;
  readonly message: string;
}

/** What a registration comes to, device by device (P-122). */
export interface JudgedRegistrations {
  readonly taken: Registrations;
  readonly refused: readonly RefusedDevice[];
}

/** Judges each device of a message for itself; one that is named twice with different numbers is refused. */
export function judgeRegistrations(client: Client, registered: Registrations, rules: RegistrationRules): JudgedRegistrations {
  const named = new Map<DeviceId, Set<number>>();
  for (const { deviceId, numExamples } of registered) named.set(deviceId, (named.get(deviceId) ?? new Set<number>()).add(numExamples));
  const taken: { deviceId: DeviceId; numExamples: number }[] = [];
  const refused: RefusedDevice[] = [];
  for (const [deviceId, numbers] of named) {
    const [numExamples = 0, other] = numbers;
    const refusal =
      other === undefined
        ? checkRegistration(client, { deviceId, numExamples }, rules)
        : refuse("P-14", `device ${deviceId}: numExamples is both ${numExamples} and ${other}`);
    if (refusal === null) taken.push({ deviceId, numExamples });
    else refused.push({ deviceId, rule: refusal.refused, message: refusal.message });
  }
  return { taken, refused };
}

function checkRegistration(
  client: Client,
  { deviceId, numExamples }: Registrations[number],
  { homes, leasedExamples, dealtExamples }: RegistrationRules,
): Refusal | null {
  const device = homes.get(deviceId);
  if (device?.clientKey !== client.clientKey) return refuse("P-14", `device ${deviceId} is not assigned to this client`);
  const dealt = dealtExamples(device, client);
  if (dealt !== null) {
    if (numExamples === dealt) return null;
    return refuse("P-120", `device ${deviceId}: its share holds ${dealt} examples, received ${numExamples}; load the run's data set again`);
  }
  // What somebody else claimed of the device binds nobody here (P-123).
  if (device.numExamples === null || claimantOf(device) !== client.clientKey) return null;
  if (client.hosting === "own") return null; // examples of one's own may grow: the next plan has the new number
  const leased = leasedExamples(deviceId);
  const known = leased ?? device.numExamples;
  if (known === numExamples) return null;
  const since = leased === null ? "since it was registered" : "in the task that is out";
  return refuse("P-14", `device ${deviceId}: numExamples is ${known} ${since}, received ${numExamples}`);
}

/** Whether a client claims another number for a device than it claimed before: a task that is out keeps the number in its lease (P-14). */
export function isGrowing(device: JournalledDevice, { clientKey, hosting }: Client): boolean {
  return hosting === "own" && device.numExamples !== null && claimantOf(device) === clientKey;
}

/** The client that claimed a device's n_i. An older journal does not say who it was: then its host is taken to be it. */
function claimantOf({ claimedBy, clientKey }: JournalledDevice): string | null {
  return claimedBy === undefined ? clientKey : claimedBy;
}
