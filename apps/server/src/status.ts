import {
  type Device,
  type DeviceId,
  type ExpectedStep,
  findExpected,
  numRoundsIn,
  numValues,
  type PlannedDevice,
  plansAfter,
  type RoundPlan,
  type Saying,
  type StrategySummary,
  withoutResting,
} from "@tutti/core";
import { type Backend, type HistoryPoint, limits, type PlanPoint, type RunInfo, type Status } from "@tutti/protocol";
import { progressOf, type StepRecord, type TrafficTotals } from "@tutti/record";
import type { OpenStep } from "./pool/openStep.ts";
import type { Roster } from "./pool/roster.ts";
import type { TunedParameters } from "./tuned.ts";
import { type ClientCounts, whyWaiting } from "./waiting.ts";

/** What a status is made of. */
export interface StatusSources {
  readonly runId: string;
  /** The most examples with which a device counts that claims its number; null for no limit. */
  readonly claimLimit: number | null;
  /** Devices that the helpers fill the run up to; null in a run without. */
  readonly fillTo: number | null;
  /** Devices that started again; null for none. */
  readonly resets: Status["resets"] | null;
  /** What the operator has ordered; null before the first order. */
  readonly inForce: Status["inForce"] | null;
  readonly phase: Status["phase"];
  readonly message: string | null;
  /** The same as kinds with figures; null where there are none. */
  readonly said: readonly Saying[] | null;
  readonly summary: StrategySummary | null;
  /** All steps of the run. */
  readonly schedule: readonly ExpectedStep[];
  readonly step: OpenStep | null;
  readonly members: Roster;
  readonly records: readonly StepRecord[];
  /** The records as points of the pages' curves. */
  readonly points: readonly HistoryPoint[];
  readonly traffic: TrafficTotals;
  readonly tuned: TunedParameters;
  /** Uptime in milliseconds. */
  readonly now: number;
}

/** The run as the pages and the demo show it (P-70). */
export function describeRun(sources: StatusSources): Status {
  const { runId, phase, summary, step, members, points, traffic, now } = sources;
  const counts = members.counts();
  const { numConnected, numPaused } = counts;
  const plan = step?.plan;
  const stage = plan?.stage ?? summary?.stage ?? null;
  const isOpen = plan !== undefined && phase === "running";
  return {
    runId,
    phase,
    stage,
    round: plan?.round ?? 0,
    numRounds: stage === null ? 0 : numRoundsIn(sources.schedule, stage),
    step: plan?.step ?? 0,
    attempt: plan?.attempt ?? 0,
    ...(isOpen && plan.tasks[0] !== undefined ? { stepKind: plan.tasks[0].spec.kind } : {}),
    progress: progressNow(sources),
    ...(members.homes.numArriving === 0 ? {} : { numLoading: members.homes.numArriving }),
    numConnected,
    numPaused,
    numDevices: members.homes.numRegistered,
    ...(sources.resets == null ? {} : { resets: sources.resets }),
    ...(sources.inForce == null ? {} : { inForce: sources.inForce }),
    ...(sources.fillTo === null ? {} : { helpers: countHelpers(members.list(), sources.fillTo) }),
    ...(sources.claimLimit === null ? {} : { maxCountedExamples: sources.claimLimit }),
    ...countTasks(step),
    layerScores: summary?.layerScores ?? null,
    selectedLayers: summary?.selectedLayers ?? null,
    keepFraction: summary?.keepFraction ?? null,
    probes: (summary?.probes ?? []).slice(0, 100).map(({ deviceId, ritzValues, ritzWeights, keepFraction }) => ({
      deviceId,
      ritzValues,
      ritzWeights,
      keepFraction,
    })),
    ...plansNow(summary, plan),
    history: points.slice(-limits.maxHistory),
    historyStart: Math.max(0, points.length - limits.maxHistory),
    bytes: {
      score: rounded(traffic.score),
      count: rounded(traffic.count),
      train: rounded(traffic.train),
      evaluation: rounded(traffic.evaluation),
    },
    allLayersF32: allLayers(sources, 4 * numValues(sources.tuned.initial)),
    ...sayingOf(sources, counts),
    deadlineMs: isOpen && step?.deadlineAt != null ? Math.max(0, Math.round(step.deadlineAt - now)) : null,
  };
}

/** What the run says, cut to what a status may hold. */
function sayingOf({ phase, message, said }: StatusSources, counts: ClientCounts): Pick<Status, "message" | "said"> {
  if (message === null) return { message };
  const whole = phase === "waiting" ? whyWaiting({ message, said }, counts) : { message, said };
  const kinds = (whole.said ?? []).slice(0, limits.maxSayings).map((one) => {
    return one.kind === "away" ? { ...one, deviceIds: one.deviceIds.slice(0, limits.maxSaidDevices) } : one;
  });
  return { message: whole.message.slice(0, limits.maxReason), ...(kinds.length === 0 ? {} : { said: kinds }) };
}

/** The latest plans, those of the open step among them, where the strategy plans for each client. */
function plansNow(summary: StrategySummary | null, plan: RoundPlan | undefined): Pick<Status, "plans" | "leftOut"> {
  if (summary?.plans === undefined) return {};
  const plans = plan === undefined ? summary.plans : plansAfter(summary.plans, plan);
  const leftOut = (plan?.leftOut ?? []).slice(0, 100).map(({ reason, ...one }) => ({ ...one, reason: reason.slice(0, limits.maxReason) }));
  return { plans: plans.slice(0, 100).map(planPoint), leftOut };
}

function planPoint({
  deviceId,
  round,
  bits,
  batchSize,
  ranks,
  numValues,
  seconds,
  memoryBytes,
  underUse,
  machine,
}: PlannedDevice): PlanPoint {
  const { baseForm: _, ...claimed } = machine;
  return { deviceId, round, bits, batchSize, ranks, numValues, seconds, memoryBytes, underUse, machine: claimed };
}

function countHelpers(devices: readonly Device[], fillTo: number): NonNullable<Status["helpers"]> {
  const numHelpers = (of: readonly Device[]) => of.filter(({ isHelper, isConnected }) => isHelper === true && isConnected).length;
  return { numConnected: numHelpers(devices), numTraining: numHelpers(withoutResting(devices, fillTo)) };
}

/** How far the whole run is, the open step counted by the tasks that are in (P-166). */
function progressNow({ schedule, records, step, phase }: StatusSources): NonNullable<Status["progress"]> {
  if (phase === "done")
    return {
      stages: progressOf(
        schedule,
        schedule.map((one) => ({ ...one, seconds: 1 })),
        null,
      ).stages,
      secondsLeft: 0,
    };
  const { tasksOut, tasksIn } = countTasks(step);
  const underWay = step === null ? null : { ...step.plan, fraction: tasksIn / Math.max(1, tasksOut + tasksIn) };
  const { stages, secondsLeft } = progressOf(schedule, records, underWay);
  return { stages, secondsLeft };
}

function countTasks(step: OpenStep | null): Pick<Status, "tasksOut" | "tasksIn"> {
  const counts = { tasksOut: 0, tasksIn: 0 };
  if (step === null || step.isOver) return counts;
  for (const { state, accepted } of step.leases.values()) {
    if (state === "open") counts.tasksOut += 1;
    if (state === "over" && accepted !== null) counts.tasksIn += 1;
  }
  return counts;
}

/** What a landing page says: nothing of single devices, nothing that was learnt (P-108). */
export function forLanding({ phase, stage, round, numRounds, numConnected, numDevices, helpers }: Status): RunInfo["status"] {
  return { phase, stage, round, numRounds, numConnected, numDevices, ...(helpers === undefined ? {} : { helpers }) };
}

/** Points that a status holds at least, for whoever missed the one before. */
const numLatest = 4;

/**
 * The same for a client at work: without probes, which cost bytes and are the dashboard's. A client that says hello once more on its connection has
 * the history already (P-145).
 */
export function forWelcome(status: Status, isRepeated: boolean): Status {
  const { history, historyStart = 0 } = status;
  if (!isRepeated) return { ...status, probes: [] };
  const latest = history.slice(-numLatest);
  return { ...status, probes: [], history: latest, historyStart: historyStart + history.length - latest.length };
}

/** What a status after the first holds: the whole run would cost bytes that grow with the square of the rounds. */
export interface StatusDifferences {
  /** The status with what its receivers have not been sent, and the latest points. */
  next(status: Status): Status;
}

/** Differences for receivers that are all sent the same, of whom `wantsProbes` are shown the probes. */
export function createDifferences(wantsProbes: boolean): StatusDifferences {
  let numPoints = 0;
  let numProbes = 0;
  let toldPlans = "";
  return {
    next(whole) {
      const { plans, leftOut, ...status } = whole;
      const { history, historyStart = 0, probes } = status;
      const planned = plans === undefined ? {} : { plans, leftOut: leftOut ?? [] };
      const arePlansNew = JSON.stringify(planned) !== toldPlans;
      toldPlans = JSON.stringify(planned);
      const total = historyStart + history.length;
      const from = Math.max(historyStart, Math.min(numPoints, total - numLatest));
      const isProbed = wantsProbes && probes.length !== numProbes;
      numPoints = total;
      numProbes = probes.length;
      return {
        ...status,
        ...(arePlansNew ? planned : {}),
        history: history.slice(from - historyStart),
        historyStart: from,
        probes: isProbed ? probes : [],
      };
    },
  };
}

/** A client and its devices, for whoever runs the coordinator in the same process; no page is told of it. */
export interface ClientPoint {
  readonly nickname: string | null;
  readonly deviceIds: readonly DeviceId[];
  readonly backend: Backend | null;
  /** Whether it hosts a helper device. */
  readonly isHelper: boolean;
  readonly isConnected: boolean;
  readonly isPaused: boolean;
  /** Share of its present task that is done, null when it has none. */
  readonly progress: number | null;
}

/** Every client that has said hello, in order of arrival. */
export function describeClients({ clients, homes }: Roster): ClientPoint[] {
  return [...clients()].map(({ clientKey, nickname, isHelper, connection, isPaused, progress, compute }) => ({
    nickname,
    deviceIds: homes.devicesOf(clientKey).map(({ deviceId }) => deviceId),
    backend: compute?.backend ?? null,
    isHelper: isHelper === true,
    isConnected: connection !== null,
    isPaused,
    progress: progress?.fraction ?? null,
  }));
}

function allLayers({ records, schedule }: StatusSources, numBytes: number): Status["allLayersF32"] {
  const find = findExpected(schedule);
  const rounds = records.filter((record) => record.stage === "train" && record.kind === "train" && find(record)?.isFineTuning !== true);
  const sum = (of: (record: StepRecord) => number) => rounds.reduce((total, record) => total + of(record), 0);
  return { up: numBytes * sum((record) => record.counted.length), down: numBytes * sum((record) => record.cohort.length) };
}

function rounded({ up, down }: { up: number; down: number }): { up: number; down: number } {
  return { up: Math.max(0, Math.round(up)), down: Math.max(0, Math.round(down)) };
}
