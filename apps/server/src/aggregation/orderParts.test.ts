import { createRandom, createStrategy } from "@tutti/core";
import { expect, test } from "vitest";
import { tinyFedAvg, tinyTuned } from "../testing/tinyRun.ts";
import { orderOf, orderParts } from "./orderParts.ts";

const run = tinyFedAvg({ numDevices: 4, cohortSize: 4 });
const tuned = tinyTuned(run);

test("an order is put together again from its parts, in order, and not before the last is there", () => {
  const strategy = createStrategy(run);
  const state = strategy.init(run, tuned.shape, tuned.initial);
  const roster = [0, 1, 2, 3].map((id) => ({ id, numExamples: 2 + id, isConnected: true }));
  const plan = strategy.plan(state, roster, createRandom(7), 1);
  if (!("tasks" in plan)) throw new Error("a step is planned");
  const large = { shape: [400_000], data: new Float32Array(400_000).fill(0.5) };
  const contributions = plan.tasks.map(({ deviceId }) => ({
    deviceId,
    numExamples: 2,
    body: { kind: "train", delta: { large }, numSteps: 3, firstLoss: 1, lastLoss: 1 } as const,
  }));
  const order = { run, state, plan, contributions };
  const parts = [...orderParts(order)];
  expect(parts.map((part) => [part.kind, "list" in part ? part.list.length : null])).toEqual([
    ["tensors", Object.keys(state.tensors).length],
    ["payloads", 1],
    ["contributions", 2], // 1.6 MB each
    ["contributions", 2],
    ["rest", null],
  ]);
  const { contributions: sent, ...again } = orderOf(parts) ?? { contributions: [] };
  expect(again).toEqual({ run, state, plan });
  expect(sent.map((one) => contributions.indexOf(one as (typeof contributions)[number]))).toEqual([0, 1, 2, 3]);
  expect(orderOf(parts.slice(0, -1))).toBeNull();
});
