import {
  type Contribution,
  countSeen,
  type DeviceId,
  deferred,
  isEnough,
  mapParameterSets,
  type PlannedTask,
  passesOf,
  type RoundPlan,
  type TaskOutcome,
  workOfTask,
} from "@tutti/core";
import { type BlobRef, type TaskLease, taskId } from "@tutti/protocol";

/** A task that is out: it ends once, by a contribution, by leaving, by declining or by the deadline. */
export interface Lease {
  readonly taskId: string;
  readonly task: PlannedTask;
  readonly outcome: Promise<TaskOutcome>;
  /** `accepting`: checked and written, but not yet safe in the journal. */
  state: "open" | "accepting" | "over";
  /** Set with `accepting`; `by` is the key of the client that sent it. */
  accepted: { readonly sha256: string; readonly contribution: Contribution; readonly by: string | null } | null;
  /** Connection that the task was sent on last. */
  sentOn: string | null;
  /** Key of the client that it was sent to last, or that says it has its contribution pending. */
  holder: string | null;
  /** Uptime at which its holder was sent it first; null before. */
  handedAt: number | null;
  /** Uptime at which it was sent last, and at which its contribution was there; null until then, and for what an earlier process saw. */
  sentAt: number | null;
  arrivedAt: number | null;
  /** Whether the round loop wants it done. */
  isWanted: boolean;
  /** How often its device has moved for it. */
  numMoves: number;
  /** Uptime by which its device, which moved for it, is to be registered where it lives now; null once it is. */
  arrivalBy: number | null;
  /** How it ended; null before. */
  ended: TaskOutcome["kind"] | null;
  end(outcome: TaskOutcome): void;
}

/** The step that is open: its plan, where its parameters are, and its leases. */
export interface OpenStep {
  readonly plan: RoundPlan;
  readonly payloads: readonly BlobRef[];
  readonly leases: ReadonlyMap<string, Lease>;
  readonly byDevice: ReadonlyMap<DeviceId, Lease>;
  /** Set when the deadline passed, the step had what it wants, or the set that counts is known: whatever comes now is late. */
  isOver: boolean;
  /** Uptime. */
  readonly openedAt: number;
  /** Uptime at which the deadline passes; null for none. */
  deadlineAt: number | null;
  /** Devices whose contributions were taken back before it closed. */
  readonly takenBack: Set<DeviceId>;
  /** It missed its quorum: what it has is not summed. */
  isMissed: boolean;
  /** The operator closed it early: what is in counts, whatever the quorum. */
  isCutShort: boolean;
}

/** The step that is open now; null before the first. */
export interface CurrentStep {
  step: OpenStep | null;
  /** Steps that were opened in this process. */
  numOpened: number;
}

/** Whether the client of a task's device was handed the task. */
export function isHeldBy({ holder }: Lease, { clientKey }: { readonly clientKey: string | null }): boolean {
  return holder !== null && holder === clientKey;
}

/** How long a task takes, in examples that its device goes through. */
export function workOf({ task: { spec, expects } }: Lease): number {
  if (spec.kind === "train" && spec.forward !== undefined)
    return Math.min(expects.numExamples, spec.forward.maxExamples) * 2 * spec.forward.numDirections;
  if (spec.kind === "search") return Math.min(expects.numExamples, spec.maxExamples) * passesOf(spec);
  if (spec.kind === "edit") return (Math.min(expects.numExamples, spec.maxExamples) + spec.maxPublic) * (spec.numTrials + 1);
  if (spec.kind === "perturb") return 2 * spec.places.length * expects.batchSize;
  const { numExamples, batchSize } = expects;
  return spec.kind === "train" ? countSeen(numExamples, { ...workOfTask(spec), batchSize }) : numExamples;
}

/** What opens a step. */
export interface Opening {
  readonly runId: string;
  readonly payloads: readonly BlobRef[];
  /** Uptime. */
  readonly now: number;
}

/** Opens a step: one lease per task of the plan. */
export function openStep(plan: RoundPlan, { runId, payloads, now }: Opening): OpenStep {
  const { stage, round, step, attempt } = plan;
  const leases = new Map<string, Lease>();
  for (const task of plan.tasks) {
    const id = taskId({ runId, stage, round, step, attempt, deviceId: task.deviceId, kind: task.spec.kind });
    leases.set(id, createLease(id, task));
  }
  const byDevice = new Map([...leases.values()].map((lease) => [lease.task.deviceId, lease]));
  return {
    plan,
    payloads,
    leases,
    byDevice,
    isOver: false,
    openedAt: now,
    deadlineAt: null,
    takenBack: new Set(),
    isMissed: false,
    isCutShort: false,
  };
}

/** Whether a task can still be submitted. */
export function isOpenLease(step: OpenStep | null, lease: Lease | undefined): boolean {
  return lease?.state === "open" && step?.isOver === false;
}

/** Whatever comes from now on is late; a contribution that is being written counts, and ends its lease when it is safe. */
export function closeStep(step: OpenStep | null, kind: "late" | "unneeded" = "late"): void {
  if (step === null) return;
  step.isOver = true;
  for (const lease of step.leases.values()) if (lease.state === "open") lease.end({ kind });
}

/**
 * The last contribution that a step wants ends it for the others, before anything is awaited: so no more are accepted. Of a step that wants all of them
 * its leases tell.
 */
export function closeIfEnough(step: OpenStep | null): void {
  if (step === null || step.isOver || (step.plan.closesAt === undefined && step.plan.optional === undefined)) return;
  const contributed = [...step.leases.values()].filter(({ accepted }) => accepted !== null).map(({ task }) => task.deviceId);
  if (isEnough(step.plan, new Set(contributed))) closeStep(step, "unneeded");
}

/** The message that hands a task to its device. */
export function leaseMessage({ plan, payloads, deadlineAt }: OpenStep, { taskId, task }: Lease, now: number): TaskLease {
  const blobOf = (index: number, name: string): BlobRef => {
    const blob = payloads[index];
    if (blob === undefined) throw new Error(`task ${taskId}: its set ${name} is payload ${index}, but the plan has ${payloads.length}`);
    return blob;
  };
  return {
    taskId,
    deviceId: task.deviceId,
    stage: plan.stage,
    round: plan.round,
    step: plan.step,
    attempt: plan.attempt,
    spec: task.spec,
    parameterSets: mapParameterSets(task.parameterSets, blobOf),
    expects: task.expects,
    deadlineMs: deadlineAt === null ? null : Math.max(0, Math.round(deadlineAt - now)),
  };
}

function createLease(id: string, task: PlannedTask): Lease {
  const outcome = deferred<TaskOutcome>();
  const lease: Lease = {
    taskId: id,
    task,
    outcome: outcome.promise,
    state: "open",
    accepted: null,
    sentOn: null,
    holder: null,
    handedAt: null,
    sentAt: null,
    arrivedAt: null,
    isWanted: false,
    numMoves: 0,
    arrivalBy: null,
    ended: null,
    end(result) {
      lease.state = "over";
      lease.ended = result.kind;
      outcome.resolve(result);
    },
  };
  return lease;
}
