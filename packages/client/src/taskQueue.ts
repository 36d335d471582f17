import type { Stage } from "@tutti/core";
import type { Status, TaskLease } from "@tutti/protocol";

/** The leases of a client, worked on one at a time in order of arrival. */
export interface TaskQueue {
  /** Adds a lease unless it is here already. */
  add(lease: TaskLease): void;
  /** Forgets what has not begun: the coordinator sends again what is still wanted. */
  clearWaiting(): void;
  /** Forgets and aborts the leases that a status shows to be over. */
  dropSuperseded(status: Status): void;
  running(): TaskLease | null;
  /** Aborts the running task, which is declined for this reason. */
  giveBack(reason: string): void;
  /** Aborts the running task and begins no other. */
  stop(): void;
}

/** A task that its client does not finish, so that the step need not wait for it (P-33). */
export class GivenBack extends Error {
  override readonly name = "GivenBack";
}

/** Works on a lease until `signal` says that it is superseded; `waiting` are those that come after it. It must not reject. */
export type Work = (lease: TaskLease, signal: AbortSignal, waiting: readonly TaskLease[]) => Promise<void>;

/** A queue of leases to work on. */
export function createTaskQueue(work: Work): TaskQueue {
  let waiting: TaskLease[] = [];
  let running: { readonly lease: TaskLease; readonly abort: AbortController } | null = null;
  let isStopped = false;

  function next(): void {
    const lease = running === null && !isStopped ? waiting.shift() : undefined;
    if (lease === undefined) return;
    const abort = new AbortController();
    running = { lease, abort };
    void work(lease, abort.signal, waiting).finally(() => {
      running = null;
      next();
    });
  }

  return {
    add(lease) {
      const isHere = running?.lease.taskId === lease.taskId || waiting.some(({ taskId }) => taskId === lease.taskId);
      if (isHere) return;
      waiting.push(lease);
      next();
    },
    clearWaiting() {
      waiting = [];
    },
    dropSuperseded(status) {
      waiting = waiting.filter((lease) => !isSuperseded(lease, status));
      if (running !== null && isSuperseded(running.lease, status)) running.abort.abort();
    },
    running: () => running?.lease ?? null,
    giveBack: (reason) => running?.abort.abort(new GivenBack(reason)),
    stop() {
      isStopped = true;
      waiting = [];
      running?.abort.abort();
    },
  };
}

const stageOrder: Readonly<Record<Stage, number>> = { score: 0, count: 1, train: 2 };

/** Whether a status is of a later step, or attempt, than the lease. */
function isSuperseded(lease: TaskLease, { stage, round, step, attempt }: Status): boolean {
  if (stage === null) return false;
  const now = [stageOrder[stage], round, step, attempt];
  const then = [stageOrder[lease.stage], lease.round, lease.step, lease.attempt];
  const at = now.findIndex((value, i) => value !== then[i]);
  return at >= 0 && (now[at] ?? 0) > (then[at] ?? 0);
}
