import { expect, test } from "vitest";
import { deviceKind, estimateEnergy } from "./energy.ts";
import { roundedSeconds, shareBounds, wattHours } from "./estimates.ts";
import { watchSleep } from "./sleep.ts";

test("the bounds of a share are Wilson's: wide for few texts, narrow for many, and within 0 and 1", () => {
  // each bound is the share from which the measured one is just 1.96 standard deviations away
  for (const [share, count] of [
    [30 / 45, 45],
    [177 / 288, 288],
    [0.9, 10_000],
  ] as const) {
    for (const bound of shareBounds(share, count))
      expect(Math.abs(share - bound) / Math.sqrt((bound * (1 - bound)) / count)).toBeCloseTo(1.96, 9);
  }
  const [from, to] = shareBounds(30 / 45, 45);
  expect([from.toFixed(2), to.toFixed(2)]).toEqual(["0.52", "0.79"]);
  expect(shareBounds(1, 9)[1]).toBe(1);
  expect(shareBounds(0, 9)[0]).toBe(0);
});

test("time left is told as exactly as it is known", () => {
  expect([2, 48, 95, 3000, 5000, 9000].map(roundedSeconds)).toEqual([5, 50, 120, 3000, 4800, 9000]);
  expect([0.123, 1.26, 12.6].map(wattHours)).toEqual(["0.12", "1.3", "13"]);
});

const android = { userAgent: "Mozilla/5.0 (Linux; Android 15) Mobile", maxTouchPoints: 5, screenSide: 390, hasBattery: true };
const linux = { userAgent: "Mozilla/5.0 (X11; Linux x86_64)", maxTouchPoints: 0, screenSide: 1080, hasBattery: null };

test("the kind of device follows from what the browser says, and is not guessed finer than that", () => {
  expect(deviceKind(android)).toBe("phone");
  expect(deviceKind({ ...android, screenSide: 800 })).toBe("tablet");
  expect(deviceKind({ userAgent: "Mozilla/5.0 (Macintosh)", maxTouchPoints: 5, screenSide: 820, hasBattery: null })).toBe("tablet");
  expect(deviceKind({ ...linux, hasBattery: true })).toBe("laptop");
  expect(deviceKind(linux)).toBe("computer");
});

test("energy is seconds times the power of the class, as a range; a battery that fell far enough is measured instead", () => {
  const byPower = estimateEnergy({ kind: "phone", backend: "wasm", busySeconds: 1800, drain: { drop: 0.02 } });
  expect(byPower).toMatchObject({ method: "power", fromWattHours: 1, toWattHours: 3 });
  const byBattery = estimateEnergy({ kind: "phone", backend: "wasm", busySeconds: 1800, drain: { drop: 0.1 } });
  expect(byBattery.method).toBe("battery");
  expect(byBattery.fromWattHours).toBeCloseTo(1, 12);
  expect(byBattery.toWattHours).toBeCloseTo(2.2, 12);
  const cpu = estimateEnergy({ kind: "computer", backend: "wasm", busySeconds: 3600, drain: null });
  const gpu = estimateEnergy({ kind: "computer", backend: "webgpu", busySeconds: 3600, drain: null });
  expect([cpu.toWattHours, gpu.toWattHours]).toEqual([80, 150]);
});

test("a leap of the clock is a sleep, the slow timers of a hidden tab are not", () => {
  let now = 0;
  let isHidden = false;
  let tick: () => void = () => undefined;
  const slept: number[] = [];
  watchSleep({
    now: () => now,
    isHidden: () => isHidden,
    every(_, act) {
      tick = act;
      return () => undefined;
    },
    onSlept: (ms) => slept.push(ms),
  });
  const pass = (ms: number): void => {
    now += ms;
    tick();
  };
  pass(2000);
  pass(14_000);
  expect(slept).toEqual([]);
  pass(3_600_000);
  expect(slept).toEqual([3_600_000]);
  isHidden = true;
  pass(60_000);
  pass(60_000);
  isHidden = false;
  pass(60_000); // the last of the hidden ones
  expect(slept).toHaveLength(1);
  pass(60_000);
  expect(slept).toHaveLength(2);
});
