import { expect, test } from "vitest";
import { type Choices, firstChoices, keepChoices, readChoices } from "./choices.ts";
import { createLending } from "./lending.ts";
import { finishesTask, type Surroundings, whyResting } from "./resting.ts";

const calm: Surroundings = { isUserIdle: true, isCharging: true, isVisible: true, numBytes: 0 };
const all: Choices = { ...firstChoices, onlyIdle: true, onlyCharging: true, onlyVisible: true, maxBytes: 50_000_000 };

test("each condition rests the tab where it is chosen and the browser tells, and nowhere else", () => {
  expect(whyResting(null, all, calm)).toBeNull();
  expect(whyResting(null, all, { ...calm, isUserIdle: false })).toBe("notIdle");
  expect(whyResting(null, all, { ...calm, isCharging: false })).toBe("notCharging");
  expect(whyResting(null, all, { ...calm, isVisible: false })).toBe("hidden");
  expect(whyResting(null, all, { ...calm, numBytes: 50_000_000 })).toBe("dataCap");
  expect(whyResting(null, all, { ...calm, numBytes: 49_999_999 })).toBeNull();
  const nothing: Surroundings = { isUserIdle: null, isCharging: null, isVisible: true, numBytes: 0 };
  expect(whyResting(null, all, nothing)).toBeNull();
  expect(whyResting(null, firstChoices, { isUserIdle: false, isCharging: false, isVisible: false, numBytes: 1e12 })).toBeNull();
});

test("what the volunteer ordered goes first, and only some rests finish the task at hand", () => {
  expect(whyResting("user", all, { ...calm, isVisible: false })).toBe("user");
  expect(whyResting("afterTask", all, calm)).toBe("afterTask");
  expect((["user", "afterTask", "dataCap", "notCharging", "notIdle", "hidden"] as const).filter(finishesTask)).toEqual([
    "afterTask",
    "dataCap",
  ]);
});

/** Lending over a browser whose surroundings a test changes. */
function scene(kept: Partial<Choices> = {}) {
  const items = new Map<string, string>();
  const storage = {
    getItem: (name: string) => items.get(name) ?? null,
    setItem: (name: string, value: string) => void items.set(name, value),
  };
  keepChoices({ ...firstChoices, ...kept }, () => storage);
  const log: string[] = [];
  let around = calm;
  const lending = createLending({
    storage: () => storage,
    around: () => around,
    pause: (options) => void log.push(`pause ${options?.giveBackAfterMs ?? "after task"}`),
    resume: () => void log.push("resume"),
    pace: (share) => void log.push(`pace ${share}`),
    onRest: (reason, isHeld) => void log.push(`${reason}${isHeld ? " held" : ""}`),
  });
  const change = (more: Partial<Surroundings>): void => {
    around = { ...around, ...more };
    lending.look();
  };
  return { lending, log, change, storage };
}

test("a tab that may work only while it is looked at stands still when it is hidden, tells the coordinator, and goes on by itself", () => {
  const { log, change } = scene({ onlyVisible: true, loadPercent: 40 });
  change({ isVisible: false });
  change({ isVisible: false });
  expect(log.splice(0)).toEqual(["pace 0", "hidden held", "pause 20000"]);
  change({ isVisible: true });
  expect(log).toEqual(["pace 0.4", "null", "resume"]);
});

test("at the data limit the task at hand is finished, and resuming allows as many bytes again", () => {
  const { lending, log, change } = scene({ maxBytes: 10_000_000 });
  change({ numBytes: 10_000_001 });
  expect(log.splice(0)).toEqual(["pace 1", "dataCap", "pause after task"]);
  lending.resume();
  expect(lending.reason()).toBeNull();
  change({ numBytes: 20_000_000 });
  expect(lending.reason()).toBeNull();
  change({ numBytes: 20_000_001 });
  expect(lending.reason()).toBe("dataCap");
});

test("a pause that was to come after the task can be made one at once", () => {
  const { lending, log } = scene();
  lending.order("afterTask");
  lending.order("user");
  expect(log).toEqual(["pace 1", "afterTask", "pause after task", "pace 0", "user held", "pause 20000"]);
  expect(lending.isOrdered()).toBe(true);
});

test("the slider acts at once, but not on a tab that stands still", () => {
  const { lending, log } = scene();
  lending.change({ loadPercent: 30 });
  lending.order("user");
  log.length = 0;
  lending.change({ loadPercent: 70 });
  expect(log).toEqual(["pace 0"]);
  lending.resume();
  expect(log.slice(1)).toEqual(["pace 0.7", "null", "resume"]);
});

test("choices are kept by the browser; what makes no sense, or cannot be read, is as if nothing was kept", () => {
  const { lending, storage } = scene({ loadPercent: 60 });
  lending.change({ onlyVisible: true });
  expect(readChoices(() => storage)).toEqual({ ...firstChoices, loadPercent: 60, onlyVisible: true });
  for (const text of ["", "{", "7", '{"loadPercent":400}', JSON.stringify({ ...firstChoices, maxBytes: -1 })])
    expect(readChoices(() => ({ getItem: () => text }))).toEqual(firstChoices);
  const blocked = (): Storage => {
    throw new DOMException("The operation is insecure.", "SecurityError");
  };
  expect(readChoices(blocked)).toEqual(firstChoices);
  expect(() => keepChoices(firstChoices, blocked)).not.toThrow();
});
