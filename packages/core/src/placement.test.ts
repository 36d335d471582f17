import fc from "fast-check";
import { expect, test } from "vitest";
import { placeTasks, type TaskTaker, type WaitingTask } from "./placement.ts";

const task = (deviceId: number, home: string | null, work: number, more: Partial<WaitingTask> = {}): WaitingTask => {
  return { deviceId, home, work, isMoving: false, isAhead: false, canMove: true, ...more };
};
const taker = (key: string, workLeft: number | null = null, more: Partial<TaskTaker> = {}): TaskTaker => {
  return { key, ordinal: key.charCodeAt(0), workLeft, canHost: true, ...more };
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
    fc.record({ key: fc.constantFrom("a", "b", "c", "d"), workLeft: fc.constantFrom(null, 1, 4), canHost: fc.boolean() }),
    {
      selector: ({ key }) => key,
    },
  ),
});

test("whatever waits: a client gets one task at most, a task one client; who may not host gets its own alone", () => {
  fc.assert(
    fc.property(world, ({ tasks, takers }) => {
      const waiting = tasks.map(({ home, ...rest }, id) => task(id, home, rest.work, rest));
      const clients = takers.map(({ key, workLeft, canHost }) => taker(key, workLeft, { canHost }));
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
      const clients = takers.map(({ key, workLeft }) => taker(key, workLeft));
      const placements = placeTasks(waiting, clients);
      const numFree = clients.filter(({ workLeft }) => workLeft === null).length;
      const isFree = (client: string) => clients.some(({ key, workLeft }) => key === client && workLeft === null);
      expect(placements.filter(({ client }) => isFree(client))).toHaveLength(Math.min(numFree, waiting.length));
    }),
  );
});
