import { ruleOf } from "../aggregation/table.ts";
import { numAskedOf } from "../pacing/settings.ts";
import type { Random } from "../random.ts";
import { neededContributions } from "../rounds.ts";
import type { RunConditions } from "../settings/runConditions.ts";
import type { Device, DeviceId, RoundPlan, Stage, Waiting } from "../task.ts";

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
  /** As in a plan. */
  readonly closesAt?: number;
  readonly optional?: readonly DeviceId[];
}

/** What a plan says of its closing. */
export function closingOf({ closesAt, optional }: Cohort): Pick<RoundPlan, "closesAt" | "optional"> {
  return { ...(closesAt === undefined ? {} : { closesAt }), ...(optional === undefined ? {} : { optional }) };
}

/** Devices on trial that are asked for each one of the cohort that no proven device can replace. */
const numTried = 4;

/** S devices, uniformly without replacement; more where the run selects more, or where some of them are on trial. */
export function sampleCohort(situation: Situation): Cohort | Waiting {
  const { run, random, stage, round, attempt } = situation;
  const candidates = plannable(situation);
  if ("waiting" in candidates) return candidates;
  const order = random.stream({ stage, round, attempt, purpose: "cohort" }).shuffle(candidates);
  const numDrawn = numAskedOf(run);
  const drawn = order.slice(0, numDrawn);
  const spare = sparesFor(drawn, order.slice(numDrawn));
  const chosen = [...drawn, ...spare];
  const cohort = cohortOf(situation, chosen);
  const optional = [...drawn.filter(isOnTrial), ...spare].map(({ id }) => id);
  if ("waiting" in cohort || (optional.length === 0 && run.overSelection === undefined)) return cohort;
  const numHoped = chosen.filter(({ trial }) => trial !== "failed").length;
  const closesAt = Math.max(fewestHoped(situation, chosen.length), Math.min(run.cohortSize, numHoped));
  return { ...cohort, closesAt, ...(optional.length === 0 ? {} : { optional }) };
}

/** A rule that stands f bad devices needs its number of updates (P-130), whoever is on trial: its step hopes for the quorum of a whole cohort at least. */
function fewestHoped(situation: Situation, numChosen: number): number {
  const { run } = situation;
  if (ruleOf(run) === null) return 1;
  return Math.min(numChosen, neededContributions(Math.min(run.cohortSize, numDevicesOf(situation)), run.quorum));
}

/**
 * Who is asked beside a cohort with devices on trial, so that the step need not wait for those: a proven device for each, in sampling order, and where
 * there are none, several others on trial.
 */
function sparesFor(drawn: readonly Device[], others: readonly Device[]): Device[] {
  const numOnTrial = drawn.filter(isOnTrial).length;
  const here = others.filter(({ isConnected }) => isConnected);
  const proven = here.filter((device) => !isOnTrial(device)).slice(0, numOnTrial);
  const tried = here.filter(isOnTrial).slice(0, (numTried - 1) * (numOnTrial - proven.length));
  return [...proven, ...tried];
}

function isOnTrial({ trial }: Device): boolean {
  return trial !== undefined;
}

/** Everybody is asked, and who was late or declined last is not waited for, as long as there are others. */
function forAll(cohort: Cohort | Waiting): Cohort | Waiting {
  if ("waiting" in cohort) return cohort;
  const failed = cohort.devices.filter(({ trial }) => trial === "failed").map(({ id }) => id);
  return failed.length === 0 || failed.length === cohort.devices.length ? cohort : { ...cohort, optional: failed };
}

/** Every device that can be planned for, in device order. */
export function wholeRoster(situation: Situation): Cohort | Waiting {
  const candidates = plannable(situation);
  return "waiting" in candidates ? candidates : forAll(cohortOf(situation, candidates));
}

/**
 * The devices that evaluate, in device order: every device, but of those that hold the same share only the first, so that each row of
 * the test split counts once.
 */
export function onePerShare(situation: Situation): Cohort | Waiting {
  const candidates = plannable(situation);
  if ("waiting" in candidates) return candidates;
  const cohort = forAll(cohortOf(situation, withoutTwins(candidates)));
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
  const present = rotated.flatMap((id) => candidates.filter((device) => device.id === id));
  const inOrder = [...present.filter(({ trial }) => trial !== "failed"), ...present.filter(({ trial }) => trial === "failed")];
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
  if (roster.length < expected)
    return {
      waiting: `${roster.length} of ${expected} devices have registered`,
      said: [{ kind: "registering", count: roster.length, needed: expected }],
    };
  if (!roster.some((device) => device.isConnected)) return { waiting: noDeviceConnected, said: [{ kind: "nobodyConnected" }] };
  const candidates = roster.filter((device) => device.hasLeft !== true && (isFixed || device.isConnected));
  const needed = neededContributions(Math.min(run.cohortSize, numDevicesOf(situation)), run.quorum);
  if (candidates.length < needed)
    return {
      waiting: `${candidates.length} devices can take part, at least ${needed} are needed`,
      said: [{ kind: "tooFew", count: candidates.length, needed }],
    };
  return candidates.sort((a, b) => a.id - b.id);
}

function cohortOf(situation: Situation, chosen: readonly Device[]): Cohort | Waiting {
  const away = chosen
    .filter((device) => !device.isConnected)
    .map((device) => device.id)
    .sort((a, b) => a - b);
  if (away.length > 0) return { waiting: notConnected(away), said: [{ kind: "away", deviceIds: away }] };
  return { devices: chosen, numDevices: numDevicesOf(situation) };
}

function notConnected(ids: readonly DeviceId[]): string {
  return ids.length === 1
    ? `device ${ids[0]} was picked for this round but is not connected`
    : `devices ${ids.join(", ")} were picked for this round but are not connected`;
}

/** N: the devices of a fixed roster, or those registered so far. */
function numDevicesOf({ run, roster }: Situation): number {
  return run.roster === "fixed" ? run.numDevices : roster.length;
}
