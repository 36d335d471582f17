import { type BlobRef, type DeviceDecision, type DeviceStateParts, decodeDeviceState, type Submit } from "@tutti/protocol";

/** A device of a protocol-level client, as its store would keep it. */
export interface KeptDevice {
  version: string | null;
  state: DeviceStateParts | null;
  pending: { readonly submit: Submit; readonly state: DeviceStateParts | null } | null;
}

/** What a protocol-level client keeps over reconnects and restarts. */
export interface KeptClient {
  readonly key: string;
  runId: string | null;
  readonly devices: Map<number, KeptDevice>;
}

/** A client that has never joined. */
export function newClient(name: string): KeptClient {
  return { key: `client-${name}`.padEnd(16, "-"), runId: null, devices: new Map() };
}

/** A client's device, which it keeps from now on. */
export function keptDevice({ devices }: KeptClient, deviceId: number): KeptDevice {
  const found = devices.get(deviceId) ?? { version: null, state: null, pending: null };
  devices.set(deviceId, found);
  return found;
}

/** Does with each device what the coordinator decided; `blob` fetches a state that was kept for it. */
export async function applyDecisions(
  client: KeptClient,
  decisions: readonly DeviceDecision[],
  blob: (ref: BlobRef) => Promise<Uint8Array>,
): Promise<void> {
  for (const { deviceId, decision, state, version } of decisions) {
    const kept = keptDevice(client, deviceId);
    if (state !== undefined) {
      Object.assign(kept, { version: version ?? null, state: decodeDeviceState(await blob(state)), pending: null });
    } else if (decision === "promote" && kept.pending !== null) {
      Object.assign(kept, { version: kept.pending.submit.taskId, state: kept.pending.state, pending: null });
    } else if (decision === "drop") kept.pending = null;
    else if (decision === "new" || decision === "reset") Object.assign(kept, { version: null, state: null, pending: null });
  }
}
