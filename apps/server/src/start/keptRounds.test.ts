import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Params, StrategyState, StrategySummary } from "@tutti/core";
import { expect, test } from "vitest";
import { type KeyValueStore, memoryStore } from "../journal/keyValueStore.ts";
import { openStore } from "../journal/openStore.ts";
import { temporaryFolder } from "../testing/startTest.ts";
import { roundsText } from "./branchPoint.ts";
import { createKeptRounds, readKeptRound, stateAfter } from "./keptRounds.ts";

const size = 256;
const tensor = (value: number) => ({ shape: [2, size / 2], data: new Float32Array(size).fill(value) });
const stay = tensor(-1);

/** A state whose W is of the round, and whose other tensor never changes. */
function stateOf(round: number, more: Params = {}): StrategyState {
  return { values: { round }, tensors: { "W/a": tensor(round), "initial/b": stay, ...more } };
}

function summaryOf(round: number, changes: Partial<StrategySummary> = {}): StrategySummary {
  return {
    stage: "train",
    round: round + 1,
    numRounds: 1000,
    step: 1,
    isDone: false,
    layerScores: null,
    probes: [],
    keepFraction: null,
    selectedLayers: null,
    sharedNames: null,
    serverLearningRate: null,
    evaluations: [],
    ...changes,
  };
}

const keepTo = (kept: ReturnType<typeof createKeptRounds>, first: number, last: number) => {
  for (let round = first; round <= last; round++) kept.keep(stateOf(round), summaryOf(round));
};

const bytesIn = (store: KeyValueStore) => [...store.entries()].reduce((sum, [, value]) => sum + value.length, 0);

test("every round is kept while there is room, and tensors that did not change once", () => {
  const store = memoryStore();
  const kept = createKeptRounds(store, 1e6);
  keepTo(kept, 1, 12);
  expect(kept.rounds()).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  expect([...store.entries()].filter(([key]) => key.startsWith("tensor/"))).toHaveLength(13);
  expect(stateAfter(store, 7).state).toEqual(stateOf(7));
  expect(stateAfter(store, 13)).toEqual({ rounds: kept.rounds(), state: null });
});

test("with less room every second and fourth round stays, always the latest, and never more than the budget", () => {
  const store = memoryStore();
  const budget = 10 * 4 * size;
  const kept = createKeptRounds(store, budget);
  for (let round = 1; round <= 100; round++) {
    kept.keep(stateOf(round), summaryOf(round));
    expect(bytesIn(store)).toBeLessThanOrEqual(budget + 100); // the record of the stride is not counted
    expect(kept.rounds().at(-1)).toBe(round);
    expect(stateAfter(store, round).state).toEqual(stateOf(round));
  }
  expect(kept.rounds()).toEqual([16, 32, 48, 64, 80, 96, 100]);
  const again = createKeptRounds(store, budget);
  keepTo(again, 101, 103);
  expect(again.rounds()).toEqual([16, 32, 48, 64, 80, 96, 103]);
  for (const round of again.rounds()) expect(stateAfter(store, round).state).toEqual(stateOf(round));
});

test("a single state above the budget is kept all the same, and a budget of 0 keeps none", () => {
  const [small, none] = [memoryStore(), memoryStore()];
  const kept = createKeptRounds(small, 100);
  keepTo(kept, 1, 9);
  expect(kept.rounds()).toEqual([9]);
  expect(stateAfter(small, 9).state).toEqual(stateOf(9));
  expect([...small.entries()].filter(([key]) => key.startsWith("tensor/"))).toHaveLength(2);
  keepTo(createKeptRounds(none, 0), 1, 9);
  expect([...none.entries()]).toEqual([]);
});

test("states within a round, and of the stages before training, are not kept; that of the last round is", () => {
  const kept = createKeptRounds(memoryStore(), 1e6);
  kept.keep(stateOf(1), summaryOf(1, { stage: "count" }));
  kept.keep(stateOf(0), summaryOf(0));
  kept.keep(stateOf(2), summaryOf(2, { round: 2, step: 2 }));
  expect(kept.rounds()).toEqual([]);
  kept.keep(stateOf(3), summaryOf(3, { round: 3, step: 2, isDone: true }));
  expect(kept.rounds()).toEqual([3]);
});

test("a round that a restart closes again replaces itself", () => {
  const store = memoryStore();
  keepTo(createKeptRounds(store, 1e6), 1, 3);
  const before = [...store.entries()];
  const again = createKeptRounds(store, 1e6);
  again.keep(stateOf(3), summaryOf(3));
  expect([...store.entries()]).toEqual(before);
  again.keep(stateOf(3, { "V/c": tensor(8) }), summaryOf(3));
  expect(stateAfter(store, 3).state).toEqual(stateOf(3, { "V/c": tensor(8) }));
});

test("on disk the folder stays near its budget over 300 rounds, and is read while it is written", async () => {
  const folder = temporaryFolder();
  const { store } = await openStore(folder.path, "rounds");
  const budget = 400_000;
  const kept = createKeptRounds(store, budget);
  for (let round = 1; round <= 300; round++) {
    kept.keep({ values: { round }, tensors: { "W/a": { shape: [4096], data: new Float32Array(4096).fill(round) } } }, summaryOf(round));
    if (round % 10 === 0) await kept.flushed();
  }
  await kept.flushed();
  const { rounds, state } = await readKeptRound(folder.path, kept.rounds()[2] ?? 0);
  expect(rounds).toEqual(kept.rounds());
  expect(state?.tensors["W/a"]?.data[5]).toBe(rounds[2]);
  await kept.close();
  const path = join(folder.path, "rounds");
  const sizes = readdirSync(path).map((name) => statSync(join(path, name)).size);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(2 * budget);
  expect(await readKeptRound(join(folder.path, "none"), 1)).toEqual({ rounds: [], state: null });
  folder.remove();
});

test("rounds that follow each other are told as a range", () => {
  expect([roundsText([1, 2, 3]), roundsText([4, 8, 10]), roundsText([7]), roundsText([7, 8])]).toEqual(["1 to 3", "4, 8, 10", "7", "7, 8"]);
});
