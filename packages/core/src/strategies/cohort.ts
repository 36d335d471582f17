import type { Random } from "../random.ts";
import { neededContributions } from "../rounds.ts";
import type { RunConditions } from "../settings/runConditions.ts";
import type { Device, DeviceId, Stage, Waiting } from "../task.ts";

/** What a cohort is chosen from, and for which step. */
export interface Situation {
  readonly run: RunConditions;
  readonly roster: readonly Device[];
  readonly random: Random;
  readonly stage: Stage;
  readonly round: number;
  readonly attempt: number;
}

/** The reason to wait when the roster has devices and none of them is there to work. */
export const noDeviceConnected = "no device is connected";

/** Devices of a step, in sampling order where they were sampled. */
export interface Cohort {
  readonly devices: readonly Device[];
  /** N. */
  readonly numDevices: number;
}

/** S devices, uniformly without replacement. */
export function sampleCohort(situation: Situation): Cohort | Waiting {
  const { run, random, stage, round, attempt } = situation;
  const candidates = plannable(situation);
  if ("waiting" in candidates) return candidates;
  const order = random.stream({ stage, round, attempt, purpose: "cohort" }).shuffle(candidates);
  return cohortOf(situation, order.slice(0, run.cohortSize));
}

/** Every device that can be planned for, in device order. */
export function wholeRoster(situation: Situation): Cohort | Waiting {
  const candidates = plannable(situation);
  return "waiting" in candidates ? candidates : cohortOf(situation, candidates);
}

/**
 * The devices that evaluate, in device order: every device, but of those that hold the same share only the first, so that each row of
 * the test split counts once.
 */
export function onePerShare(situation: Situation): Cohort | Waiting {
  const candidates = plannable(situation);
  if ("waiting" in candidates) return candidates;
  const cohort = cohortOf(situation, withoutTwins(candidates));
  return "waiting" in cohort || situation.run.roster === "fixed"
    ? cohort
    : { ...cohort, numDevices: withoutTwins(situation.roster).length };
}

function withoutTwins(devices: readonly Device[]): Device[] {
  const shares = new Set<number>();
  return devices.filter(({ share }) => {
    if (share === undefined) return true;
    const isFirst = !shares.has(share);
    shares.add(share);
    return isFirst;
  });
}

/**
 * The first `count` devices of `preferred`, and then of all others in seeded order. Each attempt begins one device later,
 * so that a device that left or stays silent is replaced by the next.
 */
export function firstInOrder(situation: Situation, preferred: readonly DeviceId[], count: number): Cohort | Waiting {
  const { roster, random, stage, round, attempt } = situation;
  const candidates = plannable(situation);
  if ("waiting" in candidates) return candidates;
  const others = roster.map((device) => device.id).filter((id) => !preferred.includes(id));
  const shuffled = random.stream({ stage, round, purpose: "replacements" }).shuffle(others.sort((a, b) => a - b));
  const order = [...preferred, ...shuffled];
  const start = (attempt - 1) % order.length;
  const rotated = [...order.slice(start), ...order.slice(0, start)];
  const inOrder = rotated.flatMap((id) => candidates.filter((device) => device.id === id));
  return cohortOf(situation, inOrder.slice(0, count));
}

/**
 * Devices to choose from, in device order. A fixed roster counts on every device that has not left, connected or not,
 * so that reconnects and restarts change no cohort; an open roster chooses among those that are connected.
 */
function plannable(situation: Situation): Device[] | Waiting {
  const { run, roster } = situation;
  const isFixed = run.roster === "fixed";
  const expected = isFixed ? run.numDevices : run.minDevices;
  if (roster.length < expected) return { waiting: `${roster.length} of ${expected} devices have registered` };
  if (!roster.some((device) => device.isConnected)) return { waiting: noDeviceConnected };
  const candidates = roster.filter((device) => device.hasLeft !== true && (isFixed || device.isConnected));
  const needed = neededContributions(Math.min(run.cohortSize, numDevicesOf(situation)), run.quorum);
  if (candidates.length < needed) return { waiting: `${candidates.length} of at least ${needed} devices can take part` };
  return candidates.sort((a, b) => a.id - b.id);
}

function cohortOf(situation: Situation, chosen: readonly Device[]): Cohort | Waiting {
  const away = chosen.filter((device) => !device.isConnected).map((device) => device.id);
  if (away.length > 0) return { waiting: notConnected(away.sort((a, b) => a - b)) };
  return { devices: chosen, numDevices: numDevicesOf(situation) };
}

function notConnected(ids: readonly DeviceId[]): string {
  return ids.length === 1
    ? `device ${ids[0]} was drawn for this round and is not connected`
    : `devices ${ids.join(", ")} were drawn for this round and are not connected`;
}

/** N: the devices of a fixed roster, or those registered so far. */
function numDevicesOf({ run, roster }: Situation): number {
  return run.roster === "fixed" ? run.numDevices : roster.length;
}
