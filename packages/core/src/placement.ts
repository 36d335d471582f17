import type { DeviceId } from "./task.ts";

/** A task that no client holds, whose device can move. */
export interface WaitingTask {
  readonly deviceId: DeviceId;
  /** How long it takes, in whatever unit all tasks of the step share. */
  readonly work: number;
  /** The client that its device lives with; null where that client does not take it. */
  readonly home: string | null;
  /** Whether the device is on its way there and stays: it is not moved on before it has arrived. */
  readonly isMoving: boolean;
  /** Whether the device came to its home for this task, ahead of it: it moves on only while a client is free. */
  readonly isAhead: boolean;
  /** Whether the device may move to another client. */
  readonly canMove: boolean;
}

/** A client that takes tasks. */
export interface TaskTaker {
  readonly key: string;
  /** Order of arrival. */
  readonly ordinal: number;
  /** How much longer it is at work, in a unit that all clients share; null when it holds no task. */
  readonly timeLeft: number | null;
  /** Whether a device may get ready there while it is at work: before it has done half of its task, who is done first is a bad guess. */
  readonly isFar: boolean;
  /** Whether devices may move to it. */
  readonly canHost: boolean;
}

/** A waiting task, and the client that is to do it next. */
export interface Placement {
  readonly deviceId: DeviceId;
  readonly client: string;
}

/**
 * Which client does which waiting task next: the longest tasks first, at the clients that are free first, each at its own home where that is one
 * of them. A free client is to begin now; one at work is to get the device ready meanwhile, once no free client waits for a device that is on
 * its way, and once the client is far with its task. Who is done first is a guess: a device that is ready moves on to no other client at work. At most one task for each client.
 */
export function placeTasks(waiting: readonly WaitingTask[], takers: readonly TaskTaker[]): Placement[] {
  const placed = new Map<string, DeviceId>();
  const byWork = [...waiting].sort((a, b) => b.work - a.work || a.deviceId - b.deviceId);
  for (const { deviceId, home, isMoving } of byWork) if (isMoving && home !== null) placed.set(home, deviceId);
  const isOneFree = takers.some(({ key, timeLeft, canHost }) => timeLeft === null && canHost && !placed.has(key));
  if (!isOneFree)
    for (const { deviceId, home, isAhead } of byWork) if (isAhead && home !== null && !placed.has(home)) placed.set(home, deviceId);
  const ready = new Set(placed.values());
  const settled = byWork.filter(({ deviceId }) => !ready.has(deviceId));
  const free = new Set(takers.filter(({ timeLeft }) => timeLeft === null).map(({ key }) => key));
  const isFree = (client: string | null) => client !== null && free.has(client);
  const isAwaited = byWork.some(({ home, isMoving }) => isMoving && isFree(home));
  const soonest = takers.filter(({ key, isFar }) => !placed.has(key) && (isFree(key) || (isFar && !isAwaited))).sort(bySoonest);
  const longest = settled.slice(0, soonest.length);
  const next = new Set(soonest.slice(0, longest.length).map(({ key }) => key));
  const moving: WaitingTask[] = [];
  for (const task of longest) {
    if (task.home !== null && next.has(task.home) && !placed.has(task.home)) placed.set(task.home, task.deviceId);
    else moving.push(task);
  }
  const hosts = soonest.filter(({ key, canHost }) => canHost && !placed.has(key));
  for (const [index, { deviceId }] of moving.filter(({ canMove }) => canMove).entries()) {
    const host = hosts[index];
    if (host !== undefined) placed.set(host.key, deviceId);
  }
  const chosen = new Set(placed.values());
  for (const { deviceId, home } of settled) {
    if (home !== null && isFree(home) && !placed.has(home) && !chosen.has(deviceId)) placed.set(home, deviceId);
  }
  return [...placed].map(([client, deviceId]) => ({ deviceId, client }));
}

/** Free clients first, then those that have the least left to do; of equals the one that came first. */
function bySoonest(a: TaskTaker, b: TaskTaker): number {
  return (a.timeLeft ?? -1) - (b.timeLeft ?? -1) || a.ordinal - b.ordinal;
}

/** A task that a client holds. */
export interface HeldTask {
  readonly client: string;
  readonly work: number;
  /** What the client last said is done of it, as a share; null where it has said nothing. */
  readonly fraction: number | null;
  /** Time from its hand-out to what was last said of it. */
  readonly elapsed: number;
  /** Time since then. */
  readonly since: number;
}

/**
 * How much longer each client is at work, by its own pace so far; by the mean pace of the others where it has said nothing, and as if a unit of work
 * took a unit of time where nobody has. Tabs that share a processor differ in pace by a factor of two.
 */
export function timesLeft(held: readonly HeldTask[]): Map<string, number> {
  const paceOf = ({ work, fraction, elapsed }: HeldTask): number | null =>
    fraction !== null && fraction > 0 && elapsed > 0 ? (work * fraction) / elapsed : null;
  const paces = held.flatMap((task) => paceOf(task) ?? []);
  const meanPace = paces.length === 0 ? 1 : paces.reduce((sum, pace) => sum + pace, 0) / paces.length;
  const left = new Map<string, number>();
  for (const task of held) {
    const { client, work, fraction, since } = task;
    const rest = Math.max(0, (work * (1 - (fraction ?? 0))) / (paceOf(task) ?? meanPace) - since);
    left.set(client, (left.get(client) ?? 0) + rest);
  }
  return left;
}

/** A task of the open step that a client has done. */
export interface DoneTask {
  readonly work: number;
  /** Time from its hand-out to its contribution. */
  readonly elapsed: number;
}

/**
 * How long a client that has not shown that it answers may hold a task before another client gets it: twice as long as the slowest task of the step would
 * have taken, at least `least`; a quarter of the step's time while none is done. Null for as long as it likes.
 */
export function patienceFor(
  work: number,
  done: readonly DoneTask[],
  { least, deadline }: { readonly least: number; readonly deadline: number | null },
): number | null {
  if (done.length === 0) return deadline === null ? null : Math.max(least, deadline / 4);
  return Math.max(least, 2 * work * Math.max(...done.map((task) => task.elapsed / task.work)));
}
