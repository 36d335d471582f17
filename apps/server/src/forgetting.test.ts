import type { StrategyState, Tensor } from "@tutti/core";
import { expect, test } from "vitest";
import { createForgetting, type ForgettingStrategy } from "./forgetting.ts";
import { openJournal } from "./journal/journal.ts";
import { memoryStore } from "./journal/keyValueStore.ts";
import { createKeptRounds, stateAfter } from "./start/keptRounds.ts";

const tensor = (value: number): Tensor => ({ shape: [1], data: Float32Array.of(value) });

/** c = 1.5 of two devices with c_0 = 1 and c_1 = 2. */
const before: StrategyState = { values: { round: 1 }, tensors: { "c/w": tensor(1.5), "c/0/w": tensor(1), "c/1/w": tensor(2) } };
/** The step after: device 1 has another variate. */
const after: StrategyState = { values: { round: 2 }, tensors: { ...before.tensors, "c/w": tensor(3.5), "c/1/w": tensor(6) } };

/** A strategy that takes c_i / N out of c. */
const forget: NonNullable<ForgettingStrategy["strategy"]["forget"]> = (state, deviceId, numDevices) => {
  const { [`c/${deviceId}/w`]: own, ...tensors } = state.tensors;
  if (own === undefined) return state;
  return { ...state, tensors: { ...tensors, "c/w": tensor((state.tensors["c/w"]?.data[0] ?? 0) - (own.data[0] ?? 0) / numDevices) } };
};

function opened(content: Map<string, Uint8Array>, state: StrategyState) {
  const journal = openJournal(memoryStore(content));
  const rounds = new Map<string, Uint8Array>();
  const keptRounds = createKeptRounds(memoryStore(rounds), 1_000_000);
  const running: ForgettingStrategy = { strategy: { forget }, state: journal.contents()?.state ?? state };
  return { journal, rounds, keptRounds, running, forgetting: createForgetting(running, { journal, keptRounds }) };
}

const valuesOf = ({ tensors }: StrategyState) => Object.fromEntries(Object.entries(tensors).map(([name, { data }]) => [name, data[0]]));
const journalled = (content: Map<string, Uint8Array>) => openJournal(memoryStore(content)).contents();

function begun() {
  const content = new Map<string, Uint8Array>();
  const first = openJournal(memoryStore(content));
  first.begin({});
  first.putState(before, null);
  return content;
}

test("between two steps a device is out of the state and of the journal at once (P-128)", () => {
  const content = begun();
  const { forgetting, running } = opened(content, before);
  expect(forgetting.forget(0, 2, false)).toBe(true);
  expect(forgetting.forget(0, 2, false)).toBe(false);
  expect(valuesOf(running.state)).toEqual({ "c/w": 1, "c/1/w": 2 });
  expect(valuesOf(journalled(content)?.state ?? before)).toEqual({ "c/w": 1, "c/1/w": 2 });
});

test("a device whose step is over, and not yet known to count, is out of the state now and of the one behind that step (P-127)", () => {
  const content = begun();
  const { forgetting, running } = opened(content, before);
  expect(forgetting.forget(1, 2, true)).toBe(true);
  expect(valuesOf(running.state)).toEqual({ "c/w": 0.5, "c/0/w": 1 });
  const summed = { values: {}, tensors: { "c/w": tensor(2.5), "c/0/w": tensor(1), "c/1/w": tensor(4) } };
  expect(valuesOf(forgetting.after(summed))).toEqual({ "c/w": 0.5, "c/0/w": 1 });
  expect(valuesOf(opened(new Map(content), before).forgetting.after(summed))).toEqual({ "c/w": 0.5, "c/0/w": 1 });
});

test("while a step is summed a device is taken out of the state that follows, also after a kill (P-127, P-128)", () => {
  const content = begun();
  const { forgetting, running, journal } = opened(content, before);
  journal.putCounted([0, 1]);
  forgetting.summing();
  expect(forgetting.forget(1, 2, false)).toBe(true);
  expect(running.state).toEqual(before); // what is summed has begun from this
  const killed = new Map(content);
  expect(valuesOf(forgetting.after(after))).toEqual({ "c/w": 0.5, "c/0/w": 1 });
  const again = opened(killed, before);
  expect(valuesOf(again.forgetting.after(after))).toEqual({ "c/w": 0.5, "c/0/w": 1 });
});

test("a device that is taken back behind a step whose state is not written yet is out of it when it is (P-127)", () => {
  const content = begun();
  const { forgetting, running, journal } = opened(content, before);
  journal.putCounted([0, 1]);
  forgetting.summing();
  running.state = forgetting.after(after);
  forgetting.forget(0, 2, false);
  expect(valuesOf(running.state)).toEqual({ "c/w": 3, "c/1/w": 6 });
  expect(valuesOf(opened(new Map(content), before).forgetting.after(after))).toEqual({ "c/w": 3, "c/1/w": 6 });
  journal.putState(running.state, { record: 1 });
  forgetting.written();
  expect(journalled(content)?.forgotten).toEqual([]);
  expect(valuesOf(journalled(content)?.state ?? before)).toEqual({ "c/w": 3, "c/1/w": 6 });
});

test("the states of past rounds that are kept for branching lose the device too (P-127)", async () => {
  const { forgetting, keptRounds, rounds } = opened(begun(), before);
  const summary = (round: number) => ({ stage: "train", round, step: 1, isDone: false }) as never;
  keptRounds.keep(before, summary(2));
  keptRounds.keep(after, summary(3));
  forgetting.forget(1, 2, false);
  await keptRounds.flushed();
  const kept = [1, 2].map((round) => stateAfter(memoryStore(rounds), round).state);
  expect(kept.map((state) => state && valuesOf(state))).toEqual([
    { "c/w": 0.5, "c/0/w": 1 },
    { "c/w": 0.5, "c/0/w": 1 },
  ]);
  // c, c_0 in both rounds, and nothing of c_1: 1 = c_0, 0.5 = c
  expect([...rounds.keys()].filter((key) => key.startsWith("tensor/"))).toHaveLength(2);
});
