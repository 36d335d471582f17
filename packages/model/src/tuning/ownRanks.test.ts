import { createTensor } from "@tutti/core";
import { expect, test } from "vitest";
import type { TunedLayout } from "./layout.ts";
import { withOwnRanks, withRunRanks } from "./ownRanks.ts";

const entry = (name: string, shape: readonly number[]) => ({
  name,
  shape,
  start: 0,
  numValues: 0,
  layer: 0,
  isPrompt: false,
  initial: { mean: 0, stdDev: 0 },
});
const layout: TunedLayout = {
  entries: [entry("lora/0/query/a", [3, 2]), entry("lora/0/query/b", [4, 3]), entry("lora/0/key/a", [3, 2]), entry("head/bias", [2])],
  numValues: 26,
  numMethodValues: 24,
};
const bias = createTensor([2], Float32Array.of(7, 8));
const own = {
  "lora/0/query/a": createTensor([1, 2], Float32Array.of(1, 2)),
  "lora/0/query/b": createTensor([4, 1], Float32Array.of(1, 2, 3, 4)),
  "head/bias": bias,
};

test("factors at a device's own ranks get zeros up to the run's, and what is missing is all zeros", () => {
  const whole = withRunRanks(own, layout);
  expect([...whole["lora/0/query/a"].data]).toEqual([1, 2, 0, 0, 0, 0]);
  expect([...whole["lora/0/query/b"].data]).toEqual([1, 0, 0, 2, 0, 0, 3, 0, 0, 4, 0, 0]);
  expect([...whole["lora/0/key/a"].data]).toEqual([0, 0, 0, 0, 0, 0]);
  expect(whole["head/bias"]).toBe(bias);
});

test("cut to their shapes again, they are what they were", () => {
  const shapes = { "lora/0/query/a": [1, 2], "lora/0/query/b": [4, 1], "head/bias": [2] };
  expect(withOwnRanks(withRunRanks(own, layout), shapes)).toEqual(own);
});

test("a rank above the run's is refused with the tensor's name", () => {
  const wrong = { ...own, "lora/0/query/a": createTensor([5, 2], new Float32Array(10)) };
  expect(() => withRunRanks(wrong, layout)).toThrow("tensor lora/0/query/a: shape [5,2], expected at most [3,2], the run's");
});
