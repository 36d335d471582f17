import { expect, test } from "vitest";
import { numValues } from "../params.ts";
import { createRandom } from "../random.ts";
import { matrixOf, matrixOfCores } from "../testing/trainMatrix.ts";
import { commonDefaults } from "./declaration.ts";
import { tensorTrain, trainFactors } from "./tensorTrain.ts";
import { coreIndexOf, coreShapes, evenFactors } from "./tensorTrainCores.ts";
import { initialParams, tunedEntries } from "./tuned.ts";

const sizesOf = (numLayers: number, hiddenSize: number) => ({ numLayers, hiddenSize, keyValueWidth: hiddenSize });
const tuningOf = (own: object = {}) => ({ ...tensorTrain.defaults, ...commonDefaults, head: "labelWords", ...own }) as const;
const count = (shapes: readonly (readonly number[])[]) => shapes.reduce((sum, shape) => sum + shape.reduce((a, b) => a * b, 1), 0);

test("a size is the fewest factors that are small enough, as even as they can be", () => {
  const cases: [size: number, most: number, factors: number[] | null][] = [
    [768, 16, [12, 8, 8]],
    [64, 16, [8, 8]],
    [1024, 16, [16, 8, 8]],
    [128, 16, [16, 8]],
    [576, 16, [9, 8, 8]],
    [12, 16, [12]],
    [1, 16, [1]],
    [8, 2, [2, 2, 2]],
    [34, 16, null],
    [34, 17, [17, 2]],
  ];
  for (const [size, most, factors] of cases) expect(evenFactors(size, most), `${size} by ${most}`).toEqual(factors);
});

test("a train has Σ r k r values: the published examples, and 33,600 of GPT-2 small", () => {
  // LoRETTA's [8]·6 of rank 5, which its text bounds by D · k · r² = 1,200: 8·5 + 4 · 5·8·5 + 5·8
  expect(count(coreShapes([8, 8, 8, 8, 8, 8], 5))).toBe(880);
  // 768 × 64 in place of 49,152: 12·5 + 3 · 5·8·5 + 5·8
  expect(count(coreShapes([12, 8, 8, 8, 8], 5))).toBe(700);
  const entries = tunedEntries(sizesOf(12, 768), tuningOf(), 2);
  expect(entries.slice(0, 5).map(({ shape }) => shape)).toEqual([
    [1, 12, 5],
    [5, 8, 5],
    [5, 8, 5],
    [5, 8, 5],
    [5, 8, 1],
  ]);
  expect(entries).toHaveLength(12 * 2 * 2 * 5);
  expect(count(entries.map(({ shape }) => shape))).toBe(33_600);
  const middle = entries.filter(({ name }) => coreIndexOf(name) === 2);
  expect(count(middle.map(({ shape }) => shape))).toBe(48 * 200); // what a round of FedTT+ moves
});

test("a value of the matrix is the sum over all ranks of products of one value of each core", () => {
  const first = { shape: [1, 2, 2], data: [1, 2, 3, 4] }; // row a holds G[0, a, :]
  const second = { shape: [2, 3, 1], data: [5, 6, 7, 8, 9, 10] };
  // (1, 2) and (3, 4) times (5, 8), (6, 9), (7, 10)
  expect(matrixOfCores([first, second])).toEqual([21, 24, 27, 47, 54, 61]);
});

test("adapters start as the identity by one core of 0, and every other matrix with the spread of a linear layer", () => {
  const [width, bottleneck] = [64, 48];
  const entries = tunedEntries(sizesOf(2, width), tuningOf({ bottleneck, rank: 4 }), 2);
  const params = initialParams(entries, createRandom(3));
  const zeros = Object.keys(params).filter((name) => params[name].data.every((value) => value === 0));
  expect(zeros).toEqual(["0/attention", "0/feedForward", "1/attention", "1/feedForward"].map((place) => `tensorTrain/${place}/up/3`));
  const squares = entries
    .filter(({ name }) => name.endsWith("/down/0"))
    .map(({ name }) => {
      const values = matrixOf(name.slice(0, -2), params);
      expect(values).toHaveLength(width * bottleneck);
      return values.reduce((sum, value) => sum + value * value, 0) / values.length;
    });
  // values of a train share cores, so that one train's mean square is itself spread: the mean of four lies within a factor of 3
  const ratio = (squares.reduce((sum, value) => sum + value, 0) / squares.length) * 3 * width;
  expect(ratio).toBeGreaterThan(1 / 3);
  expect(ratio).toBeLessThan(3);
  expect(matrixOf("tensorTrain/0/attention/up", params).every((value) => value === 0)).toBe(true);
  expect(numValues(params)).toBe(count(entries.map(({ shape }) => shape)));
});

test("a width that no factors make, and more cores than a task has sets for, are refused with the way out", () => {
  expect(trainFactors(34, { bottleneck: 8, maxFactor: 16 })).toBeNull();
  expect(() => tunedEntries(sizesOf(1, 34), tuningOf(), 2)).toThrow(
    "tuning.maxFactor: the backbone's width, 34, is no product of factors up to 16: raise tuning.maxFactor",
  );
  expect(() => tunedEntries(sizesOf(1, 64), tuningOf({ bottleneck: 17 }), 2)).toThrow("tuning.bottleneck, 17, is no product");
  expect(() => tunedEntries(sizesOf(1, 1024), tuningOf({ maxFactor: 2 }), 2)).toThrow("make 16 cores of a matrix, at most 12 are possible");
});
