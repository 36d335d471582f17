import { deferred } from "@tutti/core";
import { expect, test } from "vitest";
import { pollsSlowly, type ReadbackDevice, wakeReadbacks } from "./readbacks.ts";

const [mapRead, mapWrite] = [1, 2];

/** A device as Firefox has it: what the GPU has finished is noticed when something is submitted. Time is moved by hand. */
function slowlyPolled() {
  const submitted: unknown[][] = [];
  const mappings: { done: ReturnType<typeof deferred<undefined>>; isFinished: boolean }[] = [];
  let timers: { at: number; act: () => void }[] = [];
  let now = 0;
  const device: ReadbackDevice = {
    createBuffer: () =>
      ({
        mapAsync() {
          const mapping = { done: deferred<undefined>(), isFinished: false };
          mappings.push(mapping);
          return mapping.done.promise;
        },
      }) as unknown as GPUBuffer,
    queue: {
      submit(commands) {
        submitted.push([...commands]);
        for (const { done, isFinished } of mappings) if (isFinished) done.resolve(undefined);
      },
    },
  };
  const pass = async (ms: number) => {
    for (const end = now + ms; ; ) {
      const next = timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      now = next?.at ?? end;
      if (next === undefined) return;
      timers = timers.filter((timer) => timer !== next);
      next.act();
      await new Promise(setImmediate);
    }
  };
  wakeReadbacks(device, (ms, act) => timers.push({ at: now + ms, act }));
  return { device, submitted, mappings, pass, numTimers: () => timers.length };
}

test("a readback ends soon after the GPU is done, and then nothing more is submitted", async () => {
  const { device, submitted, mappings, pass, numTimers } = slowlyPolled();
  let isMapped = false;
  void device
    .createBuffer({ size: 4, usage: mapRead | 0x8 })
    .mapAsync(1)
    .then(() => {
      isMapped = true;
    });
  await pass(20);
  expect([isMapped, submitted.length]).toEqual([false, 6]); // at once, then every 4 ms
  for (const mapping of mappings) mapping.isFinished = true;
  await pass(4);
  expect(isMapped).toBe(true);
  await pass(1000);
  expect(submitted).toEqual(new Array(7).fill([]));
  expect(numTimers()).toBe(0);
});

test("readbacks beside each other share their wake-ups, which end when the last is mapped or fails", async () => {
  const { device, submitted, mappings, pass, numTimers } = slowlyPolled();
  const buffers = [0, 1].map(() => device.createBuffer({ size: 4, usage: mapRead }));
  const settled = Promise.allSettled(buffers.map((buffer) => buffer.mapAsync(1)));
  await pass(8);
  expect(submitted).toHaveLength(3);
  if (mappings[0] !== undefined) mappings[0].isFinished = true;
  await pass(8);
  expect(submitted).toHaveLength(5);
  mappings[1]?.done.reject(new Error("device lost"));
  expect((await settled).map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
  await pass(1000);
  expect(submitted).toHaveLength(5);
  expect(numTimers()).toBe(0);
});

test("buffers that are written to wake nothing, and only Firefox is woken", async () => {
  const { device, submitted, pass } = slowlyPolled();
  void device.createBuffer({ size: 4, usage: mapWrite }).mapAsync(2);
  await pass(100);
  expect(submitted).toEqual([]);
  expect(pollsSlowly("Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0")).toBe(true);
  expect(pollsSlowly("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0 Safari/537.36")).toBe(false);
});
