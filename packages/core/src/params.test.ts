import fc from "fast-check";
import { expect, test } from "vitest";
import {
  add,
  createTensor,
  maxMagnitude,
  nameOrderedBytes,
  norm,
  omitNames,
  type Params,
  pickNames,
  requireSameShapes,
  sameShapes,
  scale,
  sizeOf,
  sortedNames,
  subtract,
  weightedSum,
  zeros,
  zerosLike,
} from "./params.ts";

function params(a: readonly number[], b: readonly number[]): Params {
  return { "prefix/2": createTensor([a.length], Float32Array.from(a)), "prefix/10": createTensor([b.length, 1], Float32Array.from(b)) };
}

const pair = fc
  .array(fc.float({ noNaN: true, min: -100, max: 100 }), { minLength: 5, maxLength: 5 })
  .map((v) => params(v.slice(0, 2), v.slice(2)));

test("sums, differences and multiples are taken value by value under each name", () => {
  const a = params([3, -5], [0.5, 7, 11]);
  const b = params([2, 4], [-1, 0.25, 6]);
  expect(add(a, b)).toEqual(params([5, -1], [-0.5, 7.25, 17]));
  expect(subtract(a, b)).toEqual(params([1, -9], [1.5, 6.75, 5]));
  expect(scale(a, 4)).toEqual(params([12, -20], [2, 28, 44]));
  expect(weightedSum([a, b], [0.5, 0.25])).toEqual(params([2, -1.5], [0, 3.5625, 7]));
});

test("nothing that is handed in is changed or shared with the result", () => {
  const a = params([3, -5], [0.5, 7, 11]);
  const b = params([2, 4], [-1, 0.25, 6]);
  for (const result of [add(a, b), subtract(a, b), scale(a, 1), weightedSum([a], [1]), zerosLike(a)]) {
    result["prefix/2"].data.fill(99);
    expect(a).toEqual(params([3, -5], [0.5, 7, 11]));
    expect(b).toEqual(params([2, 4], [-1, 0.25, 6]));
  }
});

test("the weighted mean of equal parameters is those parameters", () => {
  fc.assert(
    fc.property(pair, fc.array(fc.integer({ min: 1, max: 900 }), { minLength: 1, maxLength: 6 }), (value, counts) => {
      const total = counts.reduce((a, b) => a + b, 0);
      const list = counts.map(() => value);
      const mean = weightedSum(
        list,
        counts.map((count) => count / total),
      );
      expect(norm(subtract(mean, value))).toBeLessThanOrEqual(1e-7 * norm(value)); // weights sum to 1 within float64, one f32 rounding
    }),
    { numRuns: 40 },
  );
});

test("a sum over devices runs in float64: small values survive beside large ones that cancel", () => {
  const list = [params([1e8, 0], [0, 0, 0]), params([1.5, 0], [0, 0, 0]), params([-1e8, 0], [0, 0, 0])];
  expect(weightedSum(list, [1, 1, 1])["prefix/2"].data[0]).toBe(1.5);
});

test("a sum of nothing, of unequal lists or of other shapes is refused by name", () => {
  const a = params([1, 2], [3, 4, 5]);
  expect(() => weightedSum([], [])).toThrow("nothing to sum");
  expect(() => weightedSum([a], [1, 2])).toThrow("1 parameter sets but 2 weights");
  expect(() => weightedSum([a, params([1, 2, 3], [3, 4, 5])], [1, 1])).toThrow("tensor prefix/2: expected [2], found [3]");
  expect(() => add(a, omitNames(a, ["prefix/10"]))).toThrow("tensor prefix/10: expected [3,1], found absent");
  expect(() => requireSameShapes(omitNames(a, ["prefix/10"]), a)).toThrow("tensor prefix/10: expected absent, found [3,1]");
});

test("shapes are the same whatever the order of names, and differ by rank, extent or name", () => {
  const a = params([1, 2], [3, 4, 5]);
  expect(sameShapes(a, { "prefix/10": a["prefix/10"], "prefix/2": a["prefix/2"] })).toBe(true);
  expect(sameShapes(a, { ...a, "prefix/10": createTensor([3], Float32Array.of(3, 4, 5)) })).toBe(false);
  expect(sameShapes(a, { "prefix/2": a["prefix/2"], "prefix/11": a["prefix/10"] })).toBe(false);
  expect(sameShapes(a, {})).toBe(false);
});

test("names are picked in the order asked for, and a missing one is named", () => {
  const a = params([1, 2], [3, 4, 5]);
  expect(Object.keys(pickNames(a, ["prefix/10", "prefix/2"]))).toEqual(["prefix/10", "prefix/2"]);
  expect(omitNames(a, ["prefix/2", "other"])).toEqual({ "prefix/10": a["prefix/10"] });
  expect(() => pickNames(a, ["head/bias"])).toThrow("tensor head/bias is missing; there are: prefix/10, prefix/2");
  expect(() => pickNames(a, ["toString"])).toThrow("tensor toString is missing");
});

test("a tensor's length must fit its shape", () => {
  expect(() => createTensor([20, 1024], new Float32Array(5120), "prefix/3")).toThrow(
    "tensor prefix/3: shape [20,1024] needs 20480 floats, received 5120",
  );
  expect(sizeOf([])).toBe(1);
  expect(zeros([2, 0, 3]).data).toHaveLength(0);
});

test("the norm runs over all tensors together", () => {
  expect(norm(params([2, -4], [5, 6, 0]))).toBe(9);
  expect(norm({})).toBe(0);
  expect(norm(params([3e30, 4e30], [0, 0, 0])) / 5e30).toBeCloseTo(1, 6); // the square would overflow f32
});

test("the largest magnitude shows values that are not finite", () => {
  expect(maxMagnitude(params([2, -40], [5, 6, 0]))).toBe(40);
  expect(maxMagnitude(params([Number.POSITIVE_INFINITY, 2], [Number.NaN, 6, 0]))).toBeNaN();
  expect(maxMagnitude({})).toBe(0);
});

test("bytes are little-endian floats in name order, whatever order the names came in", () => {
  const a = params([1, -2], [0.5, 3, 4]);
  expect(sortedNames(a)).toEqual(["prefix/10", "prefix/2"]);
  const bytes = nameOrderedBytes(a);
  const view = new DataView(bytes.buffer);
  expect([0, 1, 2, 3, 4].map((i) => view.getFloat32(4 * i, true))).toEqual([0.5, 3, 4, 1, -2]);
  expect(nameOrderedBytes({ "prefix/10": a["prefix/10"], "prefix/2": a["prefix/2"] })).toEqual(bytes);
});
