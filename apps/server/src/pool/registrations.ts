import type { DeviceId } from "@tutti/core";
import { type Refusal, refuse } from "@tutti/protocol";
import type { Homes } from "./homes.ts";
import type { Client } from "./members.ts";

/** Devices that a client says are ready, with their n_i. */
export type Registrations = readonly { readonly deviceId: DeviceId; readonly numExamples: number }[];

/** What decides whether a registration is taken. */
export interface RegistrationRules {
  readonly homes: Pick<Homes, "get">;
  /** n_i in the lease of the task that a device has out, or null where it has none. */
  leasedExamples(deviceId: DeviceId): number | null;
}

/** Why none of a message's devices is registered (P-14), or null. */
export function checkRegistrations(client: Client, registered: Registrations, rules: RegistrationRules): Refusal | null {
  const named = new Map<DeviceId, number>();
  for (const { deviceId, numExamples } of registered) {
    const refusal = checkRegistration(client, { deviceId, numExamples }, rules);
    if (refusal !== null) return refusal;
    const other = named.get(deviceId) ?? numExamples;
    if (other !== numExamples) return refuse("P-14", `device ${deviceId}: numExamples is both ${other} and ${numExamples}`);
    named.set(deviceId, numExamples);
  }
  return null;
}

function checkRegistration(
  { clientKey }: Client,
  { deviceId, numExamples }: Registrations[number],
  { homes, leasedExamples }: RegistrationRules,
): Refusal | null {
  const device = homes.get(deviceId);
  if (device?.clientKey !== clientKey) return refuse("P-14", `device ${deviceId} is not assigned to this client`);
  const leased = leasedExamples(deviceId);
  const known = leased ?? device.numExamples;
  if (known === null || known === numExamples) return null;
  const since = leased === null ? "since it was registered" : "in the task that is out";
  return refuse("P-14", `device ${deviceId}: numExamples is ${known} ${since}, received ${numExamples}`);
}
