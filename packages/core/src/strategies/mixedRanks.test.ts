import { expect, test } from "vitest";
import { factorsOf, loraShape } from "../testing/loraRun.ts";
import { valuesOf } from "../testing/run.ts";
import { loraPairs } from "../tunings/loraFactors.ts";
import { componentsOf, cutTo, paddedTo, rankOf, withLeading } from "./mixedRanks.ts";

const factors = {
  b: [
    [1, 2, 3],
    [4, 5, 6],
  ],
  a: [
    [1, 2],
    [3, 4],
    [5, 6],
  ],
};
const params = factorsOf(factors, [9]);
const pairs = loraPairs(loraShape);

test("cut to a rank, rows of a and columns of b beyond it are 0, and all else is the same object", () => {
  const cut = cutTo(params, pairs, 2);
  expect(valuesOf(cut)).toEqual({
    "lora/0/query/a": [1, 2, 3, 4, 0, 0],
    "lora/0/query/b": [1, 2, 0, 4, 5, 0],
    "head/bias": [9],
  });
  expect(cut["head/bias"]).toBe(params["head/bias"]);
  expect(cutTo(params, pairs, 3)).toBe(params);
});

test("components are rows of a with their columns of b", () => {
  const { a, b } = componentsOf({ a: params["lora/0/query/a"], b: params["lora/0/query/b"] }, 1, 3);
  expect([a.shape, b.shape]).toEqual([
    [2, 2],
    [2, 2],
  ]);
  expect([[...a.data], [...b.data]]).toEqual([
    [3, 4, 5, 6],
    [2, 3, 5, 6],
  ]);
});

test("devices have the ranks by turns, never above the matrix's, and without any the whole one", () => {
  expect([0, 1, 2, 3, 4].map((device) => rankOf({ ranks: [4, 1, 2] }, device, 3))).toEqual([3, 1, 2, 3, 1]);
  expect(rankOf({ ranks: [] }, 5, 3)).toBe(3);
});

test("padded factors have zeros behind their own components", () => {
  const own = componentsOf({ a: params["lora/0/query/a"], b: params["lora/0/query/b"] }, 0, 2);
  const { a, b } = paddedTo(own, 3);
  expect([a.shape, [...a.data], b.shape, [...b.data]]).toEqual([
    [3, 2],
    [1, 2, 3, 4, 0, 0],
    [2, 3],
    [1, 2, 0, 4, 5, 0],
  ]);
  expect(paddedTo(own, 2)).toEqual(own);
});

test("other leading components leave those behind them as they are", () => {
  const whole = { a: params["lora/0/query/a"], b: params["lora/0/query/b"] };
  const { a, b } = withLeading(whole, {
    a: { shape: [1, 2], data: Float32Array.of(7, 8) },
    b: { shape: [2, 1], data: Float32Array.of(-1, -2) },
  });
  expect([[...a.data], [...b.data]]).toEqual([
    [7, 8, 3, 4, 5, 6],
    [-1, 2, 3, -2, 5, 6],
  ]);
  expect(withLeading(whole, whole)).toEqual(whole);
});
