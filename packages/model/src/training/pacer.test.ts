import { expect, test } from "vitest";
import { createPacer, type PaceClock } from "./pacer.ts";

/** A clock that only waits and work move; an endless wait lasts until it is woken. */
function counted() {
  let now = 0;
  const waits: number[] = [];
  const clock: PaceClock = {
    now: () => now,
    async wait(ms, wake) {
      waits.push(ms);
      if (ms === Number.POSITIVE_INFINITY) await wake;
      else now += ms;
    },
  };
  return { clock, waits, now: () => now, work: (ms: number) => (now += ms) };
}

test.each([
  [0.25, 7],
  [0.5, 13],
  [0.9, 40],
])("at a share of %d, with steps of %d ms, computing takes that share of the time", async (share, stepMs) => {
  const { clock, now, work } = counted();
  const pacer = createPacer(clock);
  pacer.setShare(share);
  await pacer.begin();
  for (let step = 0; step < 400; step++) {
    work(stepMs);
    await pacer.rest();
  }
  pacer.end();
  expect(pacer.busySeconds()).toBeCloseTo((400 * stepMs) / 1000, 9);
  expect((400 * stepMs) / now()).toBeGreaterThan(share - 1e-9);
  expect((400 * stepMs) / now()).toBeLessThan(share + 0.01);
});

test("at full load nothing waits", async () => {
  const { clock, waits, work } = counted();
  const pacer = createPacer(clock);
  await pacer.begin();
  for (let step = 0; step < 9; step++) {
    work(50);
    await pacer.rest();
  }
  expect(waits).toEqual([]);
});

test("work without a pause inside is rested before the next task, less what passed between the two", async () => {
  const { clock, waits, work } = counted();
  const pacer = createPacer(clock);
  pacer.setShare(0.5);
  await pacer.begin();
  work(300);
  pacer.end();
  work(100); // nothing computes: the tab waits for its next task
  await pacer.begin();
  expect(waits).toEqual([200]);
  pacer.end();
  work(5000);
  await pacer.begin();
  expect(waits).toEqual([200]);
});

test("at 0 a task stands still until there is another share, or it is aborted", async () => {
  const { clock, work } = counted();
  const pacer = createPacer(clock);
  pacer.setShare(0);
  let isOver = false;
  const after = (promise: Promise<void>) => promise.then(() => (isOver = true));
  work(10);
  const held = after(pacer.rest());
  await new Promise((resolve) => setImmediate(resolve));
  expect(isOver).toBe(false);
  pacer.setShare(1);
  await held;
  pacer.setShare(0);
  isOver = false;
  const aborted = after(pacer.rest());
  await new Promise((resolve) => setImmediate(resolve));
  expect(isOver).toBe(false);
  pacer.wake();
  await aborted;
});

test("another share forgets what is owed, so that a slider that is moved up acts at once", async () => {
  const { clock, waits, work } = counted();
  const pacer = createPacer(clock);
  pacer.setShare(0.1);
  await pacer.begin();
  work(1000);
  pacer.end();
  pacer.setShare(0.5);
  await pacer.begin();
  expect(waits).toEqual([]);
});
