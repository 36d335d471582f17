import { fewestUpdates } from "../aggregation/conditions.ts";
import { ruleOf } from "../aggregation/table.ts";
import { isComputeKind } from "../computing.ts";
import { wantedContributions } from "../pacing/closing.ts";
import type { Random } from "../random.ts";
import { type LoopOrders, neededContributions, type Planning } from "../rounds.ts";
import type { RunConditions } from "../settings/runConditions.ts";
import type { StrategyState } from "../strategies/strategy.ts";
import type { Device, DeviceId, Done, PlannedTask, RoundPlan, TaskSpec, Waiting } from "../task.ts";
import { drawPoisoned, poisonFactor } from "./poisoned.ts";
import { type HoldingOrder, type InForce, inForceAfter, nothingInForce, type ScheduledOrder } from "./standingOrder.ts";

/** The orders that were given so far. */
export interface GivenOrders {
  /** After these, from what holds by the settings. */
  inForce(from?: InForce): InForce;
  /** Those of the run's settings; what an operator orders lies over them. */
  readonly scheduled?: readonly ScheduledOrder[] | undefined;
  /** Number of the last order; 0 before the first. */
  latest(): number;
  /** Resolves at the next order. */
  whenChanged(): Promise<void>;
}

/** Why a run that rests plans nothing. */
export const pausedByOperator = "the operator has paused the run";

/** The round loop's view of the orders. */
export function loopOrders(given: GivenOrders): LoopOrders {
  return {
    plan: (planning) => planUnder(given, planning),
    whenChanged: () => given.whenChanged(),
  };
}

type Next = RoundPlan | Waiting | Done;

/** The next plan under the orders that hold, which it names by the number of the last one; without any, what the strategy plans. */
export function planUnder<S extends StrategyState>(given: GivenOrders, planning: Planning<S>): Next {
  const { strategy, state, roster, random, attempt } = planning;
  const number = given.latest();
  if (number === 0 && (given.scheduled ?? []).length === 0) return strategy.plan(state, roster, random, attempt);
  const inForce = inForceNow(given, planning);
  const next = strategy.plan(sampled(state, inForce, roster.length), roster, random, attempt);
  if ("done" in next) return next;
  if (inForce.isPaused) return { waiting: pausedByOperator, said: [{ kind: "operatorPaused" }], isHeld: true };
  if ("waiting" in next) return next;
  const run = runOf(state);
  const asked = run === null ? next : withoutDropped(next, run, inForce, random);
  return {
    ...inTime(asked, inForce),
    tasks: asked.tasks.map((task) => taught(task, inForce, { run, roster })),
    ...(number === 0 ? {} : { orders: number }),
  };
}

/** What holds for the next plan: the settings' orders up to its round, then the operator's. */
export function inForceNow<S extends StrategyState>(
  given: GivenOrders,
  { strategy, state, roster, random }: Omit<Planning<S>, "attempt">,
): InForce {
  const { scheduled = [] } = given;
  if (scheduled.length === 0) return given.inForce();
  const { stage, round } = strategy.summary(state);
  const due = stage === "train" ? scheduled.filter((one) => one.round <= round) : [];
  const holding = due.map((one) => resolved(one, { run: runOf(state), roster, random }));
  return given.inForce(holding.reduce<InForce>(inForceAfter, nothingInForce));
}

/** A scheduled order with whom it is about: of all devices that are known, whoever is here. */
function resolved({ round, order }: ScheduledOrder, { run, roster, random }: Classroom & Pick<Planning, "random">): HoldingOrder {
  if (order.kind !== "poison") return { order };
  const ids = roster.map(({ id }) => id);
  const deviceIds = drawPoisoned(ids, order.numDevices, { random, number: round });
  return { order, poison: { deviceIds, factor: order.factor ?? poisonFactor(run?.cohortSize ?? 1) } };
}

/** The run in a strategy's state; null where a module keeps it elsewhere, and then nobody but the strategy decides how many are asked. */
export function runOf(state: StrategyState): RunConditions | null {
  const { run } = state.values;
  const isRun = typeof run === "object" && run !== null && "cohortSize" in run && typeof run.cohortSize === "number";
  return isRun ? (run as unknown as RunConditions) : null;
}

/** How many devices a round asks under an order; at least one, and no more than there are. */
export function sampledSize(fraction: number, run: Pick<RunConditions, "roster" | "numDevices">, numRegistered: number): number {
  const numDevices = run.roster === "fixed" ? run.numDevices : numRegistered;
  return Math.min(numDevices, Math.max(1, Math.round(fraction * numDevices)));
}

/** The state as it plans for another cohort; the same one where the rule of aggregation needs more updates than that. */
function sampled<S extends StrategyState>(state: S, { sampleFraction }: InForce, numRegistered: number): S {
  const run = runOf(state);
  if (run === null || sampleFraction === null) return state;
  const changed = { ...run, cohortSize: sampledSize(sampleFraction, run, numRegistered) };
  return isTooFew(changed) ? state : { ...state, values: { ...state.values, run: changed } };
}

/** Whether the run's rule of aggregation could get fewer updates than it needs. */
export function isTooFew(run: RunConditions): boolean {
  return fewestUpdates(run) < (ruleOf(run)?.needs.fewest ?? 1);
}

/** The plan without a share of a training cohort, drawn by seed, stage and round: these devices are not asked, as if they had left. */
function withoutDropped(plan: RoundPlan, run: RunConditions, { drop }: InForce, random: Random): RoundPlan {
  if (drop === null || plan.step !== 1 || plan.tasks[0]?.spec.kind !== "train") return plan;
  const { stage, round, attempt } = plan;
  const ids = plan.tasks.map(({ deviceId }) => deviceId).sort((a, b) => a - b);
  const order = random.stream({ stage, round, attempt, purpose: "dropped" }).shuffle(ids);
  const fewest = ruleOf(run)?.needs.fewest ?? 1;
  for (let count = Math.round(drop.fraction * ids.length); count > 0; count--) {
    const cut = without(plan, order.slice(0, count));
    if (cut.tasks.length > 0 && neededContributions(wantedContributions(cut), cut.quorum) >= fewest) return cut;
  }
  return plan;
}

function without(plan: RoundPlan, dropped: readonly DeviceId[]): RoundPlan {
  const { optional, ...rest } = plan;
  const left = optional?.filter((id) => !dropped.includes(id)) ?? [];
  return {
    ...rest,
    tasks: plan.tasks.filter(({ deviceId }) => !dropped.includes(deviceId)),
    ...(left.length === 0 ? {} : { optional: left }),
    dropped: [...dropped].sort((a, b) => a - b),
  };
}

/** A compute client's step keeps its own deadline. */
function inTime(plan: RoundPlan, { deadline }: InForce): RoundPlan {
  if (deadline === null || plan.tasks.some(({ spec }) => isComputeKind(spec.kind))) return plan;
  return { ...plan, deadlineMs: deadline.deadlineMs };
}

interface Classroom {
  readonly run: RunConditions | null;
  readonly roster: readonly Device[];
}

/** A training task with the lessons that its device takes part in. */
function taught(task: PlannedTask, { skew, poison }: InForce, { run, roster }: Classroom): PlannedTask {
  const { spec, deviceId } = task;
  if (spec.kind !== "train") return task;
  const holdsShare = run?.roster === "fixed" || roster.find(({ id }) => id === deviceId)?.share !== undefined;
  const taughtSpec: TaskSpec = skew !== null && holdsShare ? { ...spec, skew } : spec;
  return { ...task, spec: taughtSpec, ...(poison?.deviceIds.includes(deviceId) === true ? { poison: poison.factor } : {}) };
}
