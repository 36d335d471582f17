import { createRandom, type DeviceId, shareOf } from "@tutti/core";
import type { DeviceDecision, Hello } from "@tutti/protocol";
import type { JournalledDevice } from "../journal/journal.ts";
import type { DeviceIndex } from "./deviceIndex.ts";
import type { HomesPorts } from "./homesPorts.ts";
import { type Client, canMoveDevices, mayHaveState, withoutState } from "./members.ts";
import { decideVersion } from "./versions.ts";

/** What a client starts its devices from. */
export interface Deciding {
  /** What a client does with each of its devices, given what it says of them. */
  decide(client: Client, claims: Hello["devices"]): readonly DeviceDecision[];
  /** What a client that has nothing of the device is told to start from. */
  handOver(device: JournalledDevice, client: Client): DeviceDecision;
  /** The share for the next device of an open roster that asks for one. */
  nextShare(): number;
}

/** Decisions over the devices of an index; `save` journals a device's record. */
export function createDeciding(ports: HomesPorts, index: DeviceIndex, save: (device: JournalledDevice) => void): Deciding {
  const { run } = ports.config;
  const isFixed = run.roster === "fixed";
  const canMove = canMoveDevices(ports.config);

  const nextShare = () => shareOf(index.numWithShare, run.numDevices, createRandom(run.seed));

  /** What a decision says of the share: nothing in a fixed roster, where it is the device's number, and nothing to who has own examples. */
  function shareFor({ share }: JournalledDevice, { hosting }: Client): { readonly share?: number } {
    return isFixed || hosting === "own" || share === undefined || share === null ? {} : { share };
  }

  /** A device of an open roster whose client has no own examples holds a share of the run's. */
  function withShare(device: JournalledDevice, { hosting }: Client): JournalledDevice {
    if (hosting === "own" || (device.share ?? null) !== null) return device;
    const shared = { ...device, share: nextShare() };
    save(shared);
    return shared;
  }

  function handOver(taken: JournalledDevice, client: Client): DeviceDecision {
    const device = withShare(taken, client);
    const { deviceId, version, stateSha256 } = device;
    const mayHave = mayHaveState(device, client, ports.config);
    const state = stateSha256 === null || !mayHave ? null : ports.stateBlob(stateSha256);
    const share = shareFor(device, client);
    if (version === null) return { deviceId, decision: "new", ...share };
    if (state !== null) return { deviceId, decision: "new", state, version, ...share };
    // Where states are kept, a device whose last training contribution carried none had none to lose.
    const isLost = !canMove || stateSha256 !== null;
    ports.dropState(deviceId);
    save({ ...withoutState(device), wasReset: device.wasReset || isLost });
    if (isLost) ports.onReset(deviceId, mayHave ? "lost" : "untrusted");
    return { deviceId, decision: isLost ? "reset" : "new", ...share };
  }

  function decideOne(known: JournalledDevice, client: Client, claims: ReadonlyMap<DeviceId, Hello["devices"][number]>): DeviceDecision {
    const claim = claims.get(known.deviceId);
    if (claim === undefined) return handOver(known, client);
    const device = withShare(known, client);
    const decision = decideVersion(claim, device.version, ports.isOpenTask);
    if (decision === "reset") return handOver(device, client);
    return { deviceId: device.deviceId, decision, ...shareFor(device, client) };
  }

  return {
    nextShare,
    handOver,
    decide(client, claims) {
      const claimed = new Map(claims.map((claim) => [claim.deviceId, claim]));
      return index.of(client.clientKey).map((device) => decideOne(device, client, claimed));
    },
  };
}
