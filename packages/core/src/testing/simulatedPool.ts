import { isEnough } from "../pacing/closing.ts";
import type { DevicePool, Step } from "../rounds.ts";
import type { Device, PlannedTask, RoundPlan } from "../task.ts";
import type { TaskOutcome } from "../taskOutcome.ts";

/** What a simulated device does with a task; `silent` never answers. */
export type Answer = (plan: RoundPlan, task: PlannedTask) => TaskOutcome | "silent";

/** A pool whose roster a test changes and whose questions it counts. */
export interface SimulatedPool extends DevicePool {
  /** Replaces the roster and wakes whoever waits for that. */
  setRoster(roster: readonly Device[]): void;
  /** How often each task was given to its device, by `taskName`. */
  readonly asked: ReadonlyMap<string, number>;
  /** Contributions that were accepted, by `taskName`: what a journal keeps over a restart. */
  readonly accepted: Map<string, TaskOutcome>;
}

/** An open step. */
interface Opened {
  readonly plan: RoundPlan;
  /** What ends each task that is still out. */
  readonly open: Map<number, (outcome: TaskOutcome) => void>;
  readonly contributed: Set<number>;
}

/** Tells the tasks of a run apart. */
export function taskName(plan: RoundPlan, task: PlannedTask): string {
  return [plan.stage, plan.round, plan.step, plan.attempt, task.deviceId, task.spec.kind].join("/");
}

/**
 * A pool without clock: tasks are answered in turn, the last one first, and a step's deadline passes as soon as everybody who
 * answers at all has done so. `accepted` of an earlier pool stands for its journal.
 */
export function createSimulatedPool(roster: readonly Device[], answer: Answer, accepted = new Map<string, TaskOutcome>()): SimulatedPool {
  const asked = new Map<string, number>();
  let current = roster;
  let wake: () => void = () => {};
  let changed = new Promise<void>((resolve) => (wake = resolve));
  let queue: (() => void)[] = [];

  function open(plan: RoundPlan, deadlineMs: number | null): Step {
    const opened: Opened = { plan, open: new Map(), contributed: new Set() };
    queue = deadlineMs === null ? [] : [() => endAll(opened, "late")];
    void Promise.resolve().then(answerNext);
    return { perform: (task) => perform(opened, task), close: () => {} };
  }

  function endAll({ open: waiting }: Opened, kind: "late" | "unneeded"): void {
    for (const end of waiting.values()) end({ kind });
    waiting.clear();
  }

  /** One answer at a time, so that everything that waits for it runs before the next. */
  async function answerNext(): Promise<void> {
    for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
      next();
      for (let turn = 0; turn < 5; turn++) await Promise.resolve();
    }
  }

  function perform(opened: Opened, task: PlannedTask): Promise<TaskOutcome> {
    const { plan, open: waiting, contributed } = opened;
    const name = taskName(plan, task);
    return new Promise((resolve) => {
      waiting.set(task.deviceId, resolve);
      queue.push(() => {
        if (!waiting.has(task.deviceId)) return;
        const known = accepted.get(name);
        if (known === undefined) asked.set(name, (asked.get(name) ?? 0) + 1);
        const outcome = known ?? answer(plan, task);
        if (outcome === "silent") return;
        if (outcome.kind === "contributed") {
          accepted.set(name, outcome);
          contributed.add(task.deviceId);
        }
        waiting.delete(task.deviceId);
        resolve(outcome);
        if (isEnough(plan, contributed)) endAll(opened, "unneeded");
      });
    });
  }

  return {
    roster: () => current,
    open,
    whenRosterChanges: () => changed,
    setRoster(next) {
      current = next;
      wake();
      changed = new Promise((resolve) => (wake = resolve));
    },
    asked,
    accepted,
  };
}
