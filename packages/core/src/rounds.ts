import { wantedContributions } from "./pacing/closing.ts";
import { createMemory, type Pacing } from "./pacing/memory.ts";
import type { Pace } from "./pacing/pace.ts";
import type { Random } from "./random.ts";
import type { Missed, Saying } from "./sayings.ts";
import type { Strategy, StrategyState } from "./strategies/strategy.ts";
import type { Contribution, Device, DeviceId, Done, PlannedTask, RoundPlan, Waiting } from "./task.ts";
import type { TaskOutcome } from "./taskOutcome.ts";

/** A step that is open. The pool keeps its deadline, since the pool owns the clock. */
export interface Step {
  /**
   * Hands a task to its device. A task whose contribution was accepted before (a restart) answers at once from the journal.
   * The deadline ends every task: as `late`, or as contributed where the contribution is being written when it passes. So does the contribution with
   * which the step `isEnough`: as `unneeded`.
   */
  perform(task: PlannedTask): Promise<TaskOutcome>;
  /** Devices whose contributions to this step were taken back (P-127): they count as left. */
  takenBack?(): Iterable<DeviceId>;
  /** Whether the operator closed it early: what is in counts, whatever the quorum. */
  isCutShort?(): boolean;
  /** Called once, when the loop knows which contributions count. */
  close(): void;
}

/** The round loop's only view of the world. */
export interface DevicePool {
  /** Every device registered so far, connected or not. */
  roster(): readonly Device[];
  /** Opens a step whose plan is journalled, and starts its deadline; null for none. */
  open(plan: RoundPlan, deadlineMs: number | null): Step;
  /** Resolves at the next change of what `roster` returns. */
  whenRosterChanges(): Promise<void>;
}

/** What the loop reports. The consumer journals an event before it asks for the next one. */
export type RoundEvent<S extends StrategyState = StrategyState> =
  | { readonly kind: "planned"; readonly plan: RoundPlan }
  /** The set that counts, in device order, before it is aggregated; with what is remembered from then on, where something is. */
  | { readonly kind: "closing"; readonly plan: RoundPlan; readonly counted: readonly DeviceId[]; readonly pace?: Pace }
  | { readonly kind: "closed"; readonly plan: RoundPlan; readonly contributions: readonly Contribution[]; readonly state: S }
  /** The quorum was missed: nothing of this attempt counts. */
  | { readonly kind: "repeated"; readonly plan: RoundPlan; readonly reason: string; readonly missed: Missed; readonly pace?: Pace }
  | { readonly kind: "waiting"; readonly reason: string; readonly said?: readonly Saying[] }
  | { readonly kind: "done"; readonly state: S };

/** The step to go on with after a restart: the last plan that was journalled and has no state after it. */
export interface ResumedStep {
  readonly plan: RoundPlan;
  /** The set of a journalled `closing`. */
  readonly counted?: readonly DeviceId[];
  /** Whether a `repeated` for this plan was journalled: the loop goes on with the next attempt. */
  readonly isRepeated?: boolean;
}

/** What a plan is made from. */
export interface Planning<S extends StrategyState = StrategyState> {
  readonly strategy: Strategy<S>;
  readonly state: S;
  readonly roster: readonly Device[];
  readonly random: Random;
  readonly attempt: number;
}

/** The orders that plans are made under. */
export interface LoopOrders {
  plan<S extends StrategyState>(planning: Planning<S>): RoundPlan | Waiting | Done;
  /** Resolves at the next order. */
  whenChanged(): Promise<void>;
}

/** What the round loop runs on, and where it begins. */
export interface RoundsOptions<S extends StrategyState> {
  readonly strategy: Strategy<S>;
  /** A fresh `strategy.init`, or the state of the last journalled `closed`. */
  readonly state: S;
  readonly pool: DevicePool;
  readonly random: Random;
  readonly resume?: ResumedStep | undefined;
  /** How the past decides whom steps ask and how long they wait; absent for nothing. */
  readonly pacing?: Pacing | undefined;
  /** Absent for none. */
  readonly orders?: LoopOrders | undefined;
  /** The state as its keeper has changed it since it was handed out, asked for before each plan and each aggregation; the same one by default. */
  amended?(state: S): S;
  /** Where the strategy's aggregate runs, for a caller that has to do other things meanwhile; here by default. */
  aggregate?(state: S, plan: RoundPlan, contributions: readonly Contribution[]): S | Promise<S>;
}

/** The round loop (architecture.md, "How a round flows"): plan, gather, aggregate, until the strategy is done. */
export async function* runRounds<S extends StrategyState>(options: RoundsOptions<S>): AsyncGenerator<RoundEvent<S>, void, void> {
  const { strategy, pool, random, orders = withoutOrders } = options;
  const declined = new Set<DeviceId>();
  let { state } = options;
  const memory = createMemory(options.pacing);
  let { present, attempt } = beginningOf(options.resume);
  for (;;) {
    if (present === undefined) {
      state = options.amended?.(state) ?? state;
      const known = state;
      const roster = withoutDeclined(pool.roster(), declined);
      const planning = { strategy, state: known, random, attempt };
      const next = memory.planned(roster, (seen) => orders.plan({ ...planning, roster: seen }));
      if ("done" in next) {
        yield { kind: "done", state };
        return;
      }
      if ("waiting" in next) {
        const changed = Promise.race([pool.whenRosterChanges(), orders.whenChanged()]);
        yield waitingEvent(next);
        await changed;
        if (next.isHeld !== true) declined.clear();
        continue;
      }
      yield { kind: "planned", plan: next };
      present = { plan: next };
    }
    const { plan, counted } = present;
    present = undefined;
    const gathered = await gather(pool, plan, counted);
    const remembered = memory.after(plan, gathered.outcomes, counted !== undefined);
    if (gathered.kind === "missed") {
      for (const id of gathered.declined) declined.add(id);
      attempt = plan.attempt + 1;
      yield { kind: "repeated", plan, reason: gathered.reason, missed: gathered.missed, ...remembered };
      continue;
    }
    const { contributions } = gathered;
    if (counted === undefined) yield { kind: "closing", plan, counted: contributions.map((c) => c.deviceId), ...remembered };
    state = options.amended?.(state) ?? state;
    const next = options.aggregate?.(state, plan, contributions) ?? strategy.aggregate(state, plan, contributions);
    state = next instanceof Promise ? await next : next;
    declined.clear();
    attempt = 1;
    yield { kind: "closed", plan, contributions, state };
  }
}

function waitingEvent({ waiting, said }: Waiting): RoundEvent & { readonly kind: "waiting" } {
  return { kind: "waiting", reason: waiting, ...(said === undefined ? {} : { said }) };
}

/** The step that is open, unless it is to be repeated, and the attempt that is planned next. */
function beginningOf(resume: ResumedStep | undefined): { present: ResumedStep | undefined; attempt: number } {
  return resume?.isRepeated === true ? { present: undefined, attempt: resume.plan.attempt + 1 } : { present: resume, attempt: 1 };
}

/** A run that takes no orders. */
const withoutOrders: LoopOrders = {
  plan: ({ strategy, state, roster, random, attempt }) => strategy.plan(state, roster, random, attempt),
  whenChanged: () => new Promise(() => undefined),
};

/** How many contributions a step needs. */
export function neededContributions(numTasks: number, quorum: number): number {
  return Math.max(1, Math.ceil(quorum * numTasks - 1e-9));
}

type Gathered = { readonly outcomes: ReadonlyMap<DeviceId, TaskOutcome> } & (
  | { readonly kind: "met"; readonly contributions: readonly Contribution[] }
  | { readonly kind: "missed"; readonly reason: string; readonly missed: Missed; readonly declined: readonly DeviceId[] }
);

/** All in, or as many as the step wants, or the quorum met at the deadline, or nobody left; with a journalled set, exactly that set. */
async function gather(pool: DevicePool, plan: RoundPlan, counted: readonly DeviceId[] | undefined): Promise<Gathered> {
  const tasks = counted === undefined ? plan.tasks : plan.tasks.filter((task) => counted.includes(task.deviceId));
  const step = pool.open(plan, counted === undefined ? plan.deadlineMs : null);
  const answers = tasks.map(async (task) => [task.deviceId, await step.perform(task)] as const);
  const outcomes = new Map<DeviceId, TaskOutcome>(await Promise.all(answers).finally(() => step.close()));
  for (const id of step.takenBack?.() ?? []) if (outcomes.has(id)) outcomes.set(id, { kind: "left" });
  const contributions = inDeviceOrder(plan, outcomes);
  const quorum = step.isCutShort?.() === true ? 1 : neededContributions(wantedContributions(plan), plan.quorum);
  const needed = counted === undefined ? quorum : counted.length;
  if (contributions.length >= needed) return { kind: "met", contributions, outcomes };
  const where = `${plan.stage} round ${plan.round}, step ${plan.step}, attempt ${plan.attempt}`;
  if (counted !== undefined) throw new Error(`${where}: ${missing(outcomes)}, but the journal says that its contribution counts`);
  return {
    kind: "missed",
    outcomes,
    reason: `${where}: only ${contributions.length} of ${plan.tasks.length} contributions arrived, ${needed} are needed (${missing(outcomes)})`,
    missed: missedBy(outcomes, { count: contributions.length, numAsked: plan.tasks.length, needed }),
    declined: [...outcomes].filter(([, outcome]) => outcome.kind === "declined").map(([id]) => id),
  };
}

function missedBy(outcomes: ReadonlyMap<DeviceId, TaskOutcome>, arrived: Pick<Missed, "count" | "numAsked" | "needed">): Missed {
  const numOf = (kind: TaskOutcome["kind"]) => [...outcomes.values()].filter((outcome) => outcome.kind === kind).length;
  return { ...arrived, numLeft: numOf("left"), numLate: numOf("late"), numDeclined: numOf("declined") };
}

function inDeviceOrder(plan: RoundPlan, outcomes: ReadonlyMap<DeviceId, TaskOutcome>): Contribution[] {
  const kinds = new Map(plan.tasks.map((task) => [task.deviceId, task.spec.kind]));
  const contributions: Contribution[] = [];
  for (const [id, outcome] of outcomes) {
    if (outcome.kind !== "contributed") continue;
    const { contribution } = outcome;
    const found = `device ${contribution.deviceId}, ${contribution.body.kind}`;
    const expected = `device ${id}, ${kinds.get(id)}`;
    if (found !== expected) throw new Error(`the pool answered the task of ${expected} with a contribution of ${found}`);
    contributions.push(contribution);
  }
  return contributions.sort((a, b) => a.deviceId - b.deviceId);
}

function missing(outcomes: ReadonlyMap<DeviceId, TaskOutcome>): string {
  const parts: string[] = [];
  for (const [id, outcome] of outcomes) {
    if (outcome.kind === "left") parts.push(`device ${id} left`);
    if (outcome.kind === "late") parts.push(`device ${id} was late`);
    if (outcome.kind === "declined") parts.push(`device ${id} declined: ${outcome.reason}`);
  }
  return parts.join("; ");
}

/** A device that declined is not asked again in this step, unless the roster changes while the loop waits. */
function withoutDeclined(roster: readonly Device[], declined: ReadonlySet<DeviceId>): readonly Device[] {
  if (declined.size === 0) return roster;
  return roster.map((device) => (declined.has(device.id) ? { ...device, isConnected: false, hasLeft: true } : device));
}
