import { expect, test } from "vitest";
import { createTensor, type Params } from "../params.ts";
import { svdTriplets } from "../tunings/svdTriplets.ts";
import { allComponents, componentsAt, componentsInto, liveOf, maskOf, placesIn } from "./liveComponents.ts";

const ranks = [3, 20, 2];

test("a mask has a bit for each component, matrix after matrix, sixteen to a word", () => {
  expect(maskOf(allComponents(ranks), ranks)).toEqual([0xffff, 0x1ff]);
  const live = [[1], [0, 12, 13, 19], []];
  // bits 1; 3, 15, 16, 22
  expect(maskOf(live, ranks)).toEqual([0b1000_0000_0000_1010, 0b100_0001]);
  expect(liveOf(maskOf(live, ranks), ranks)).toEqual(live);
  expect(() => liveOf([0xffff], ranks)).toThrow("a mask of 1 words: 25 components need 2");
  expect(() => liveOf([0xffff, 0x3ff], ranks)).toThrow("a mask names component 26 of 25");
});

const whole: Params = {
  "svdLora/0/query/q": createTensor([3, 2], Float32Array.of(1, 2, 3, 4, 5, 6)),
  "svdLora/0/query/e": createTensor([3], Float32Array.of(7, 8, 9)),
  "svdLora/0/query/p": createTensor([2, 3], Float32Array.of(10, 11, 12, 13, 14, 15)),
  "svdLora/1/query/q": createTensor([1, 2], Float32Array.of(16, 17)),
  "svdLora/1/query/e": createTensor([1], Float32Array.of(18)),
  "svdLora/1/query/p": createTensor([2, 1], Float32Array.of(19, 20)),
  "head/bias": createTensor([1], Float32Array.of(21)),
};
const triplets = svdTriplets({ layerNames: [], alwaysShared: Object.keys(whole) });
const plain = (params: Params) => Object.fromEntries(Object.entries(params).map(([name, { shape, data }]) => [name, [shape, [...data]]]));

test("what is alive is its rows of Q, values of e and columns of P; a matrix without any is not there", () => {
  const part = componentsAt(whole, triplets, [[0, 2], []]);
  expect(plain(part)).toEqual({
    "svdLora/0/query/q": [
      [2, 2],
      [1, 2, 5, 6],
    ],
    "svdLora/0/query/e": [[2], [7, 9]],
    "svdLora/0/query/p": [
      [2, 2],
      [10, 12, 13, 15],
    ],
    "head/bias": [[1], [21]],
  });
  const back = componentsInto(part, triplets, [[0, 2], []], [3, 1]);
  expect(plain(back)).toEqual({
    "svdLora/0/query/q": [
      [3, 2],
      [1, 2, 0, 0, 5, 6],
    ],
    "svdLora/0/query/e": [[3], [7, 0, 9]],
    "svdLora/0/query/p": [
      [2, 3],
      [10, 0, 12, 13, 0, 15],
    ],
    "head/bias": [[1], [21]],
  });
  expect(plain(componentsAt(part, triplets, placesIn([[0, 2], []], [[2], []])))["svdLora/0/query/p"]).toEqual([
    [2, 1],
    [12, 15],
  ]);
});

test("where everything is alive the tensors stay the same objects", () => {
  const part = componentsAt(whole, triplets, allComponents([3, 1]));
  for (const [name, tensor] of Object.entries(whole)) expect(part[name]).toBe(tensor);
});
