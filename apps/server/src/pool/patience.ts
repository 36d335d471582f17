import { type DoneTask, patienceFor, type TaskTaker, type WaitingTask } from "@tutti/core";
import type { Clock } from "./clock.ts";
import type { Client } from "./members.ts";
import { isHeldBy, type Lease, type OpenStep, workOf } from "./openStep.ts";

/** Held tasks whose clients have not shown that they answer, and that others may have by now (P-118). */
export interface Patience {
  /** Of clients that have failed since their last contribution at once, of others when they have had their time. */
  overdue(step: OpenStep, open: readonly Lease[]): readonly Lease[];
  /** Looks again when the next one is overdue. */
  watch(step: OpenStep, open: readonly Lease[]): void;
  stop(): void;
}

/** What patience needs of placing. */
export interface PatiencePorts {
  readonly clock: Pick<Clock, "now" | "after">;
  /** No task is taken back sooner, in milliseconds. */
  readonly leastMs: number;
  hostOf(lease: Lease): Client | null;
  isProvenThere(): boolean;
  /** Something may be overdue. */
  onDue(): void;
}

/** Patience without limit: what is held stays held. */
export const endlessPatience: Patience = { overdue: () => [], watch: () => undefined, stop: () => undefined };

/** Patience with clients that are not proven. */
export function createPatience({ clock, leastMs, hostOf, isProvenThere, onDue }: PatiencePorts): Patience {
  let cancel = (): void => undefined;

  /** Null for never. */
  function dueAt(step: OpenStep, lease: Lease, { done, hasProven }: Known): number | null {
    const host = hostOf(lease);
    if (host === null || host.isProven || lease.handedAt === null || !isHeldBy(lease, host)) return null;
    if (hasProven && host.numFailures > 0) return lease.handedAt;
    const deadline = step.deadlineAt === null ? null : step.deadlineAt - step.openedAt;
    const patience = patienceFor(workOf(lease), done, { least: leastMs, deadline });
    return patience === null ? null : lease.handedAt + patience;
  }

  const dues = (step: OpenStep, open: readonly Lease[]): Due[] => {
    const known = { done: doneTasks(step), hasProven: isProvenThere() };
    return open.flatMap((lease) => {
      const at = dueAt(step, lease, known);
      return at === null ? [] : [{ lease, at }];
    });
  };

  return {
    overdue: (step, open) => dues(step, open).flatMap(({ lease, at }) => (at <= clock.now() ? [lease] : [])),
    watch(step, open) {
      cancel();
      const next = Math.min(
        ...dues(step, open)
          .map(({ at }) => at)
          .filter((at) => at > clock.now()),
      );
      if (Number.isFinite(next)) cancel = clock.after(next - clock.now(), onDue);
    },
    stop: () => cancel(),
  };
}

/** What decides how long a task may be held. */
interface Known {
  readonly done: readonly DoneTask[];
  /** Whether a proven client is there to take it. */
  readonly hasProven: boolean;
}

/** A held task, and the uptime at which others may have it. */
interface Due {
  readonly lease: Lease;
  readonly at: number;
}

/** How many clients are free for held tasks: proven ones, and while none is there any. */
export function numHelpers(takers: readonly TaskTaker[], isProven: (key: string) => boolean): number {
  const idle = takers.filter((taker) => taker.canHost && taker.timeLeft === null);
  const isOfProven = ({ key }: TaskTaker) => isProven(key);
  return takers.some(isOfProven) ? idle.filter(isOfProven).length : idle.length;
}

/** A held task that other clients may have. */
export function takenBack(lease: Lease, canMove: boolean): WaitingTask {
  return { deviceId: lease.task.deviceId, work: workOf(lease), home: null, isMoving: false, isAhead: false, canMove };
}

/** Tasks of the step that this process handed out and whose contributions are there. */
function doneTasks(step: OpenStep): DoneTask[] {
  return [...step.leases.values()].flatMap((lease) => {
    const { sentAt, arrivedAt } = lease;
    return sentAt === null || arrivedAt === null ? [] : [{ work: workOf(lease), elapsed: arrivedAt - sentAt }];
  });
}
