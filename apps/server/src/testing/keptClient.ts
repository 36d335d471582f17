import type { DeviceState } from "@tutti/core";
import {
  type BlobRef,
  type ClientIdentity,
  clientIdentity,
  type DeviceDecision,
  decodeDeviceState,
  protocolVersion,
  type Submit,
} from "@tutti/protocol";

/** A device of a protocol-level client, as its store would keep it. */
export interface KeptDevice {
  version: string | null;
  state: DeviceState | null;
  pending: { readonly submit: Submit; readonly state: DeviceState | null } | null;
}

/** What a protocol-level client keeps over reconnects and restarts. */
export interface KeptClient {
  /** Its public key. */
  readonly key: string;
  readonly identity: ClientIdentity;
  runId: string | null;
  readonly devices: Map<number, KeptDevice>;
}

/** A client that has never joined. */
export function newClient(name: string): KeptClient {
  const identity = clientIdentity(`client-${name}`.padEnd(16, "-"));
  return { key: identity.clientKey, identity, runId: null, devices: new Map() };
}

/** The same client as it is now, whatever becomes of the other. */
export function copyOf(client: KeptClient): KeptClient {
  return { ...client, devices: structuredClone(client.devices) };
}

/** What a client's first words to a coordinator are but for who it is and what it brings; `socket` is connected. */
export function provenHello(
  { identity }: Pick<KeptClient, "identity">,
  { socket, url }: { readonly socket: { readonly id?: string | undefined }; readonly url: string },
) {
  const capabilities = { backend: "auto", threads: 1, isSecureContext: true, userAgent: "test" } as const;
  return { protocolVersion, ...identity.prove({ audience: new URL(url).host, challenge: socket.id ?? "" }), capabilities } as const;
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
