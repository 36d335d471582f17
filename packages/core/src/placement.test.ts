import fc from "fast-check";
import { expect, test } from "vitest";
import { patienceFor, placeTasks, type TaskTaker, timesLeft, type WaitingTask } from "./placement.ts";

const task = (deviceId: number, home: string | null, work: number, more: Partial<WaitingTask> = {}): WaitingTask => {
  return { deviceId, home, work, isMoving: false, isAhead: false, canMove: true, ...more };
};
const taker = (key: string, timeLeft: number | null = null, more: Partial<TaskTaker> = {}): TaskTaker => {
  return { key, ordinal: key.charCodeAt(0), timeLeft, isFar: true, canHost: true, ...more };
};
const placed = (waiting: readonly WaitingTask[], takers: readonly TaskTaker[]) =>
  Object.fromEntries(placeTasks(waiting, takers).map(({ deviceId, client }) => [deviceId, client]));

test("two tasks of one client: the longer one stays, the other goes to the free client that came first", () => {
  expect(placed([task(13, "b", 40), task(17, "b", 70)], [taker("a"), taker("b"), taker("c")])).toEqual({ 17: "b", 13: "a" });
});

test("of more tasks than clients the longest begin, each at home where that is free", () => {
  const waiting = [task(0, "a", 9), task(1, "a", 50), task(2, "a", 30), task(3, "b", 20), task(4, "b", 10)];
  expect(placed(waiting, [taker("a"), taker("b"), taker("c")])).toEqual({ 1: "a", 2: "c", 3: "b" });
});

test("while all are at work, the longest waiting task gets ready at the client that is done first", () => {
  const busy = [taker("a", 30), taker("b", 5), taker("c", 12)];
  expect(placed([task(0, "a", 8), task(1, "a", 7)], busy)).toEqual({ 0: "b", 1: "c" });
  expect(placed([task(0, "c", 8), task(1, "a", 7)], busy)).toEqual({ 0: "c", 1: "b" });
});

test("a device that is ready at a client at work stays there until a client is free, whoever seems to be done first", () => {
  const ready = task(0, "a", 8, { isAhead: true });
  expect(placed([ready], [taker("a", 30), taker("b", 5)])).toEqual({ 0: "a" });
  expect(placed([ready, task(1, "c", 9)], [taker("a", 30), taker("b", 5), taker("c", 7)])).toEqual({ 0: "a", 1: "b" });
  expect(placed([ready], [taker("a", 30), taker("b")])).toEqual({ 0: "b" });
  expect(placed([ready], [taker("a", 30), taker("b", null, { canHost: false }), taker("c", 5)])).toEqual({ 0: "a" });
});

test("a device on its way stays with where it goes, and its client gets no other meanwhile", () => {
  const waiting = [task(0, "b", 3, { isMoving: true }), task(1, "a", 9), task(2, "a", 8)];
  expect(placed(waiting, [taker("a"), taker("b")])).toEqual({ 0: "b", 1: "a" });
});

test("while a free client waits for a device on its way, nothing gets ready at clients at work, which would be in its way", () => {
  const arriving = task(0, "b", 9, { isMoving: true });
  const others = [task(1, "a", 8), task(2, "b", 7)];
  expect(placed([arriving, ...others], [taker("a", 5), taker("b"), taker("c", 6)])).toEqual({ 0: "b" });
  expect(placed([arriving, ...others], [taker("a", 5), taker("b", 4), taker("c", 6)])).toEqual({ 0: "b", 1: "a", 2: "c" });
  expect(placed([arriving, ...others], [taker("a", 5), taker("b"), taker("c")])).toEqual({ 0: "b", 1: "c" });
});

test("a device gets ready at no client that has just begun, but comes there once that is free", () => {
  const [early, late] = [taker("a", 9, { isFar: false }), taker("b", 20)];
  expect(placed([task(0, "c", 8), task(1, "c", 7)], [early, late])).toEqual({ 0: "b" });
  expect(placed([task(0, "c", 8)], [taker("a", null, { isFar: false }), late])).toEqual({ 0: "a" });
});

test("how long clients are still at work follows from the pace of each, and where that is unknown from the others'", () => {
  const held = [
    { client: "a", work: 60, fraction: 0.25, elapsed: 300, since: 40 }, // 0.05 a unit of time: 900 more, of which 40 are over
    { client: "b", work: 40, fraction: 0.5, elapsed: 200, since: 0 }, // 0.1: 200 more
    { client: "c", work: 30, fraction: null, elapsed: 0, since: 100 }, // 0.075: 400, of which 100 are over
    { client: "d", work: 30, fraction: 0.9, elapsed: 600, since: 90 },
  ];
  const left = timesLeft(held.slice(0, 3));
  expect([...left.keys()]).toEqual(["a", "b", "c"]);
  expect([...left.values()].map((time) => Math.round(1e6 * time) / 1e6)).toEqual([860, 200, 300]);
  expect(timesLeft(held).get("d")).toBe(0);
  expect(timesLeft([{ client: "a", work: 7, fraction: null, elapsed: 0, since: 2 }]).get("a")).toBe(5);
});

test("a client that may host none does its own, and what cannot move waits for its own client", () => {
  const guarded = [taker("a"), taker("b", null, { canHost: false })];
  expect(placed([task(0, "a", 9), task(1, "a", 8), task(2, "b", 1)], guarded)).toEqual({ 0: "a", 2: "b" });
  expect(placed([task(0, "a", 9), task(1, "a", 8, { canMove: false })], [taker("a"), taker("b")])).toEqual({ 0: "a" });
});

test("what a client does not take goes to a free one", () => {
  expect(placed([task(4, null, 1)], [taker("a", 5), taker("b")])).toEqual({ 4: "b" });
  expect(placed([task(4, null, 1)], [taker("a", null, { canHost: false }), taker("b", 5)])).toEqual({ 4: "b" });
  expect(placed([task(4, null, 1)], [taker("a", null, { canHost: false })])).toEqual({});
});

const world = fc.record({
  tasks: fc.array(
    fc.record({
      home: fc.constantFrom("a", "b", "c", "d", null),
      work: fc.integer({ min: 1, max: 9 }),
      canMove: fc.boolean(),
      isAhead: fc.boolean(),
    }),
  ),
  takers: fc.uniqueArray(
    fc.record({ key: fc.constantFrom("a", "b", "c", "d"), timeLeft: fc.constantFrom(null, 1, 4), canHost: fc.boolean() }),
    {
      selector: ({ key }) => key,
    },
  ),
});

test("whatever waits: a client gets one task at most, a task one client; who may not host gets its own alone", () => {
  fc.assert(
    fc.property(world, ({ tasks, takers }) => {
      const waiting = tasks.map(({ home, ...rest }, id) => task(id, home, rest.work, rest));
      const clients = takers.map(({ key, timeLeft, canHost }) => taker(key, timeLeft, { canHost }));
      const placements = placeTasks(waiting, clients);
      expect(new Set(placements.map(({ client }) => client)).size).toBe(placements.length);
      expect(new Set(placements.map(({ deviceId }) => deviceId)).size).toBe(placements.length);
      for (const { deviceId, client } of placements) {
        const { home, canMove } = waiting[deviceId] as WaitingTask;
        if (home === client) continue;
        expect(canMove).toBe(true);
        expect(clients.find(({ key }) => key === client)?.canHost).toBe(true);
      }
    }),
  );
});

test("whatever waits: no client that may host is free while a task that may move waits", () => {
  fc.assert(
    fc.property(world, ({ tasks, takers }) => {
      const waiting = tasks.map(({ home, work, isAhead }, id) => task(id, home, work, { isAhead }));
      const clients = takers.map(({ key, timeLeft }) => taker(key, timeLeft));
      const placements = placeTasks(waiting, clients);
      const numFree = clients.filter(({ timeLeft }) => timeLeft === null).length;
      const isFree = (client: string) => clients.some(({ key, timeLeft }) => key === client && timeLeft === null);
      expect(placements.filter(({ client }) => isFree(client))).toHaveLength(Math.min(numFree, waiting.length));
    }),
  );
});

test("an unproven client may hold a task for twice what the slowest one took for its work, and no less than the least", () => {
  const done = [
    { work: 10, elapsed: 4000 },
    { work: 3, elapsed: 2100 },
  ];
  expect(patienceFor(8, done, { least: 5000, deadline: 60_000 })).toBe(2 * 8 * 700);
  expect(patienceFor(2, done, { least: 5000, deadline: 60_000 })).toBe(5000);
});

test("while no task is done it is a quarter of the step's time, and without a deadline there is no limit", () => {
  expect(patienceFor(8, [], { least: 5000, deadline: 60_000 })).toBe(15_000);
  expect(patienceFor(8, [], { least: 5000, deadline: 6000 })).toBe(5000);
  expect(patienceFor(8, [], { least: 5000, deadline: null })).toBeNull();
});
