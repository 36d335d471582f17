import type { DeviceId, Standing, TaskKind } from "@tutti/core";
import { type DeviceTile, liveLimits, type TileState } from "@tutti/protocol";
import type { JournalledDevice } from "../journal/journal.ts";
import { hasReady } from "../pool/deviceList.ts";
import type { Client } from "../pool/members.ts";
import { isHeldBy, type Lease, type OpenStep } from "../pool/openStep.ts";
import type { Roster } from "../pool/roster.ts";
import type { TaskProgressNotes } from "../pool/taskProgress.ts";

/** What tiles are made of. */
export interface TileSources {
  readonly members: Pick<Roster, "client" | "homes">;
  readonly step: OpenStep | null;
  readonly progress: Pick<TaskProgressNotes, "of" | "speedOf">;
  /** Whether the run is over. */
  readonly isDone: boolean;
  /** Who rests, where the run remembers that. */
  readonly standing: Standing | null;
}

/** The first devices of the run, in order of their ids (P-171). */
export function describeTiles(sources: TileSources): readonly DeviceTile[] {
  return sources.members.homes
    .devices()
    .slice(0, liveLimits.maxTiles)
    .map((device) => describeTile(device, sources));
}

function describeTile(device: JournalledDevice, sources: TileSources): DeviceTile {
  const { deviceId, clientKey } = device;
  const { members, step, progress } = sources;
  const client = clientKey === null ? null : members.client(clientKey);
  const lease = step?.byDevice.get(deviceId);
  const state = stateOf({ device, client, lease, ...sources });
  const steps = lease !== undefined && isAtWork(state) ? progress.of(lease.taskId) : null;
  const speed = progress.speedOf(deviceId);
  return {
    deviceId,
    nickname: client?.nickname ?? null,
    state,
    ...(steps === null ? {} : { step: steps.step, numSteps: steps.numSteps }),
    ...(speed === null || state === "away" ? {} : { speed: Number(speed.toPrecision(3)) }),
    backend: client?.compute?.backend ?? null,
    ...(client?.isHelper === true ? { isHelper: true } : {}),
  };
}

interface Situation extends Pick<TileSources, "isDone" | "standing"> {
  readonly device: JournalledDevice;
  readonly client: Client | null;
  readonly lease: Lease | undefined;
}

function stateOf({ device, client, lease, isDone, standing }: Situation): TileState {
  if (client === null || client.connection === null || client.isGone) return isDone ? "done" : "away";
  if (isDone) return "done";
  if (client.isPaused) return "paused";
  if (client.isLate) return "late";
  if (!hasReady(client, device.deviceId)) return "loading";
  if (lease?.accepted != null) return "done";
  if (lease?.state === "open" && isHeldBy(lease, client)) return activities[lease.task.spec.kind];
  if (lease?.ended === "late" || client.isSilent) return "late";
  // a helper that no plan asks has stepped back for people (P-192)
  const isIdleHelper = client.isHelper === true && lease === undefined;
  return isIdleHelper || rests(standing, device.deviceId) ? "rests" : "waiting";
}

function rests(standing: Standing | null, deviceId: DeviceId): boolean {
  return standing !== null && (standing.devices[deviceId]?.restsUntil ?? 0) > standing.numSteps;
}

const activities: Readonly<Record<TaskKind, TileState>> = {
  score: "scoring",
  probe: "probing",
  search: "training",
  edit: "training",
  perturb: "training",
  train: "training",
  evaluate: "evaluating",
  // of compute clients, which have no tile
  logits: "training",
  distil: "training",
  answers: "training",
};

function isAtWork(state: TileState): boolean {
  return state === "scoring" || state === "probing" || state === "training" || state === "evaluating";
}
