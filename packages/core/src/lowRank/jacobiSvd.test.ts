import fc from "fast-check";
import { expect, test } from "vitest";
import { createRandom } from "../random.ts";
import { symmetricEigen } from "../selection/symmetricEigen.ts";
import { denseOf, distance, normOf, skewness } from "../testing/lowRank.ts";
import { jacobiSvd } from "./jacobiSvd.ts";
import { type Matrix, matrixOf, multiply, transpose } from "./matrix.ts";

test("the matrix 3, 0 / 4, 5 has the singular values √45 and √5, with the vectors computed by hand", () => {
  const { values, left, right } = jacobiSvd(matrixOf([3, 0, 4, 5], { numRows: 2, numColumns: 2 }));
  expect(values[0]).toBeCloseTo(Math.sqrt(45), 14);
  expect(values[1]).toBeCloseTo(Math.sqrt(5), 14);
  const sign = Math.sign(right.data[0]);
  const expected = { left: [1, 3].map((value) => value / Math.sqrt(10)), right: [1, 1].map((value) => value / Math.sqrt(2)) };
  for (const i of [0, 1]) {
    expect(sign * left.data[i]).toBeCloseTo(expected.left[i], 14);
    expect(sign * right.data[i]).toBeCloseTo(expected.right[i], 14);
  }
});

test("a wide matrix is the transpose of a tall one: 3, 0, 0 / 0, 0, −7", () => {
  const { values, left, right } = jacobiSvd(matrixOf([3, 0, 0, 0, 0, -7], { numRows: 2, numColumns: 3 }));
  expect([...values]).toEqual([7, 3]);
  expect([...left.data].map(Math.abs)).toEqual([0, 1, 1, 0]);
  expect([...right.data].map(Math.abs)).toEqual([0, 0, 1, 1, 0, 0]);
  expect(left.data[1] * right.data[2]).toBe(-1);
});

test("zeros have the value 0 and orthonormal vectors all the same", () => {
  const { values, left, right } = jacobiSvd(matrixOf(new Float64Array(12), { numRows: 4, numColumns: 3 }));
  expect([...values]).toEqual([0, 0, 0]);
  expect([left.numRows, left.numColumns, right.numRows, right.numColumns]).toEqual([3, 4, 3, 3]);
  expect(skewness(left)).toBeLessThan(1e-13);
  expect(skewness(right)).toBeLessThan(1e-13);
});

/** A random matrix, of lower rank where `rank` is below its size, with columns of very different lengths. */
function randomMatrix(seed: number, { m, n, rank, spread }: { m: number; n: number; rank: number; spread: number }): Matrix {
  const random = createRandom(seed).stream({ purpose: "test" });
  const part = (numRows: number, numColumns: number) =>
    matrixOf(
      Float64Array.from({ length: numRows * numColumns }, (_, i) => random.normal() * 10 ** (-spread * (i % numColumns))),
      { numRows, numColumns },
    );
  return multiply(part(m, rank), part(rank, n));
}

const cases = fc.record({
  seed: fc.nat(),
  m: fc.integer({ min: 1, max: 12 }),
  n: fc.integer({ min: 1, max: 12 }),
  rank: fc.integer({ min: 1, max: 12 }),
  spread: fc.constantFrom(0, 1, 3),
});

test("values and vectors give the matrix back and are in order, and vectors are orthonormal, whatever the size and rank", () => {
  fc.assert(
    fc.property(cases, (given) => {
      const matrix = randomMatrix(given.seed, given);
      const { values, left, right } = jacobiSvd(matrix);
      expect(values.length).toBe(Math.min(given.m, given.n));
      for (let i = 1; i < values.length; i++) expect(values[i]).toBeLessThanOrEqual(values[i - 1]);
      expect(distance(denseOf({ values, left, right }), matrix)).toBeLessThanOrEqual(1e-13 * normOf(matrix));
      expect(Math.max(skewness(left), skewness(right))).toBeLessThan(1e-12);
    }),
  );
});

test("the squares of the values are the eigenvalues of the matrix times its transpose", () => {
  fc.assert(
    fc.property(cases, (given) => {
      const matrix = randomMatrix(given.seed, given);
      const { values } = jacobiSvd(matrix);
      const gram = multiply(matrix, transpose(matrix));
      const eigen = [...symmetricEigen(gram.data, gram.numRows).values].reverse();
      for (const [i, value] of values.entries()) {
        expect(Math.abs(value * value - eigen[i])).toBeLessThan(1e-13 * values[0] * values[0] + 1e-300);
      }
    }),
  );
});

test("it refuses values that are not finite, saying where", () => {
  const matrix = { numRows: 2, numColumns: 2, data: Float64Array.of(1, 2, Number.NaN, 4) };
  expect(() => jacobiSvd(matrix)).toThrow("jacobiSvd: value 2 is NaN, expected finite numbers");
});
