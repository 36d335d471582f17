import { type DeviceId, type HeldTask, placeTasks, type TaskTaker, timesLeft, type WaitingTask } from "@tutti/core";
import { createClientStanding } from "./clientStanding.ts";
import type { Clock } from "./clock.ts";
import { type Client, canHost, works } from "./members.ts";
import { type CurrentStep, isHeldBy, type Lease, type OpenStep, workOf } from "./openStep.ts";
import { createPatience, endlessPatience, numHelpers, takenBack } from "./patience.ts";
import type { Roster } from "./roster.ts";

/** What placing tasks needs. */
export interface PlacingPorts {
  readonly clock: Pick<Clock, "now" | "after">;
  readonly current: CurrentStep;
  readonly members: Pick<Roster, "homes" | "clients" | "client" | "connectionOf" | "remember">;
  /** Of `maxPerClient`: devices that a client may host, or null for no rule. */
  readonly maxPerClient: number | null;
  /** Whether a task is taken back from a client that has not shown that it answers (P-118). */
  readonly takesBack: boolean;
  /** Hands a task to the client of its device, which is free. */
  handOut(lease: Lease): void;
}

/** Gives waiting tasks to free clients, one each, and moves their devices there (P-28). */
export interface Placing {
  /** Something has changed: what can be placed is placed when the present turn is over. */
  soon(): void;
  /** The client did not do what it was given, and is given less for a while (P-29). */
  doubt(client: Client | null): void;
  /** The client did a task. */
  trust(client: Client): void;
  stop(): void;
}

/** A device that moved is expected to be registered within this time; then another client may have it. */
const arrivalMs = 5000;
/** A waiting task's device moves so often at most. */
const maxMoves = 3;
/** From here on a client that trains may get the device of its next task. */
const farFraction = 0.5;

/** Placing of the open step's tasks, in a run whose devices can move. */
export function createPlacing({ clock, current, members, maxPerClient, takesBack, handOut }: PlacingPorts): Placing {
  const { homes } = members;
  const timers = new Set<() => void>();
  let isDue = false;
  let isStopped = false;

  const hostOf = ({ task }: Lease): Client | null => members.client(homes.get(task.deviceId)?.clientKey ?? "");
  const isMoving = ({ arrivalBy }: Lease): boolean => arrivalBy !== null && clock.now() < arrivalBy;

  /** Most tasks are held most of the time: who may take one is looked at only where one waits. */
  const isUnheld = (lease: Lease): boolean => lease.holder === null || lease.holder !== homes.get(lease.task.deviceId)?.clientKey;

  const standing = createClientStanding(current, members, takesBack);
  const { isTrusted } = standing;
  const isProven = (key: string): boolean => members.client(key)?.isProven === true;
  const isProvenThere = (): boolean => [...members.clients()].some((client) => client.isProven && works(client));
  const patience = takesBack ? createPatience({ clock, leastMs: arrivalMs, hostOf, isProvenThere, onDue: soon }) : endlessPatience;

  /**
   * A waiting task, where its device has arrived at a client that is there; what is away, or loads, waits for its client. With `isHelped` others
   * come first where the client is not trusted.
   */
  function waitingOf(lease: Lease, isHelped: boolean): WaitingTask | null {
    const host = hostOf(lease);
    if (host === null || host.connection === null || isHeldBy(lease, host)) return null;
    const { deviceId } = lease.task;
    const isHere = host.connection.registered.has(deviceId);
    if (isHere) lease.arrivalBy = null;
    else if (lease.arrivalBy === null) return null;
    const device = homes.get(deviceId);
    const canMove = lease.numMoves < maxMoves && device !== null && homes.movesFreely(device);
    const isGiven = works(host) && (isHere || isMoving(lease)) && (isTrusted(host) || !isHelped || !canMove);
    const home = isGiven ? host.clientKey : null;
    return { deviceId, work: workOf(lease), home, isMoving: isGiven && isMoving(lease), isAhead: isHere && lease.numMoves > 0, canMove };
  }

  function takersOf(step: OpenStep): TaskTaker[] {
    const there = [...members.clients()].filter((client) => canHost(client) && client.hosting === "virtual");
    const tells = step.plan.tasks.some(({ spec }) => spec.kind === "train"); // other tasks say nothing of how far they are
    const numProven = takesBack ? there.filter(({ isProven }) => isProven).length : 0;
    const numFair = 2 * Math.ceil(step.leases.size / Math.max(1, numProven === 0 ? there.length : numProven));
    const held = timesLeft(heldTasks(step, { hostOf, now: clock.now() }));
    const numHadBy = countBy([...step.leases.values()], ({ holder }) => holder);
    return there.map((client) => {
      const { clientKey: key, ordinal, connection, isProven } = client;
      const isReady = connection?.isReady === true && client.owesSince === null;
      const hasRoom = maxPerClient === null || homes.devicesOf(key).length < maxPerClient;
      const numHad = numHadBy.get(key) ?? 0;
      const isFar = !tells || (client.progress?.fraction ?? 0) >= farFraction;
      const canHost = isReady && hasRoom && isTrusted(client) && numHad < numFair;
      // of clients that are free the proven ones come first
      return { key, ordinal: ordinal + (takesBack && !isProven ? maxOrdinal : 0), timeLeft: held.get(key) ?? null, isFar, canHost };
    });
  }

  function place(): void {
    isDue = false;
    const { step } = current;
    if (isStopped || step === null || step.isOver) return;
    const open = [...step.leases.values()].filter(({ isWanted, state }) => isWanted && state === "open").filter(isUnheld);
    if (open.length === 0) return;
    const takers = takersOf(step);
    const isHelped = takers.some((taker) => taker.canHost);
    const waiting = open.flatMap((lease) => waitingOf(lease, isHelped) ?? []);
    const numWaiting = waiting.filter(({ canMove }) => canMove).length;
    const overdue = takesBack ? patience.overdue(step, open).slice(0, Math.max(0, numHelpers(takers, isProven) - numWaiting)) : [];
    waiting.push(...overdue.map((lease) => takenBack(lease, lease.numMoves < maxMoves)));
    const free = new Set(takers.filter(({ timeLeft }) => timeLeft === null).map(({ key }) => key));
    for (const { deviceId, client } of placeTasks(waiting, takers)) {
      const lease = step.byDevice.get(deviceId);
      if (lease === undefined || isMoving(lease)) continue;
      if (hostOf(lease)?.clientKey !== client) move(lease, deviceId, client);
      else if (free.has(client) && members.connectionOf(deviceId) !== null) handOut(lease);
    }
    patience.watch(step, open);
  }

  function move(lease: Lease, deviceId: DeviceId, key: string): void {
    const device = homes.get(deviceId);
    const client = members.client(key);
    if (device === null || client === null) return;
    const before = hostOf(lease);
    if (lease.arrivalBy !== null || (before !== null && isHeldBy(lease, before))) standing.doubt(before);
    lease.numMoves += 1;
    lease.arrivalBy = clock.now() + arrivalMs;
    homes.moveTo(device, client);
    const cancel = clock.after(arrivalMs, () => {
      timers.delete(cancel);
      soon();
    });
    timers.add(cancel);
  }

  function soon(): void {
    if (isDue || isStopped) return;
    isDue = true;
    queueMicrotask(place);
  }

  return {
    soon,
    doubt: standing.doubt,
    trust: standing.trust,
    stop() {
      isStopped = true;
      patience.stop();
      for (const cancel of timers) cancel();
    },
  };
}

function countBy<T, K>(values: readonly T[], keyOf: (value: T) => K): Map<K, number> {
  const counts = new Map<K, number>();
  for (const value of values) counts.set(keyOf(value), (counts.get(keyOf(value)) ?? 0) + 1);
  return counts;
}

/** Above the ordinal of any client. */
const maxOrdinal = 2 ** 40;

/** Tasks that clients hold. */
function heldTasks(step: OpenStep, { hostOf, now }: { hostOf(lease: Lease): Client | null; readonly now: number }): HeldTask[] {
  return [...step.leases.values()].flatMap((lease) => {
    const host = hostOf(lease);
    if (host === null || lease.state !== "open" || !isHeldBy(lease, host)) return [];
    const { clientKey: client, progress } = host;
    const handedAt = lease.handedAt ?? now;
    const saidAt = progress?.at ?? handedAt;
    const fraction = progress?.fraction ?? null;
    return [{ client, work: workOf(lease), fraction, elapsed: saidAt - handedAt, since: now - saidAt }];
  });
}
