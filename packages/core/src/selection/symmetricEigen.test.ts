import fc from "fast-check";
import { expect, test } from "vitest";
import { symmetricEigen } from "./symmetricEigen.ts";

test("a 2 × 2 matrix has the eigenvalues of the quadratic formula", () => {
  const { values, vectors } = symmetricEigen([2, 3, 3, -6], 2);
  expect([...values]).toEqual([expect.closeTo(-7, 13), expect.closeTo(3, 13)]);
  expect(vectors[1] / vectors[3]).toBeCloseTo(3, 13); // (3, 1) belongs to 3
});

test("the second-difference matrix has its known spectrum", () => {
  const n = 30;
  const matrix = Array.from({ length: n * n }, (_, i) => ({ 0: 2, 1: -1 })[Math.abs(Math.floor(i / n) - (i % n))] ?? 0);
  const { values } = symmetricEigen(matrix, n);
  for (let j = 0; j < n; j++) expect(values[j]).toBeCloseTo(2 - 2 * Math.cos(((j + 1) * Math.PI) / (n + 1)), 13);
});

test("vectors are orthonormal and rebuild the matrix", () => {
  const matrices = fc
    .integer({ min: 1, max: 7 })
    .chain((n) => fc.array(fc.double({ min: -9, max: 9, noNaN: true }), { minLength: n * n, maxLength: n * n }));
  fc.assert(
    fc.property(matrices, (raw) => {
      const n = Math.sqrt(raw.length);
      const matrix = raw.map((value, i) => value + raw[(i % n) * n + Math.floor(i / n)]);
      const { values, vectors } = symmetricEigen(matrix, n);
      for (let i = 0; i < n; i++) {
        for (let j = 0; j < n; j++) {
          let product = 0;
          let rebuilt = 0;
          for (let k = 0; k < n; k++) {
            product += vectors[k * n + i] * vectors[k * n + j];
            rebuilt += vectors[i * n + k] * values[k] * vectors[j * n + k];
          }
          expect(product).toBeCloseTo(i === j ? 1 : 0, 12);
          expect(rebuilt).toBeCloseTo(matrix[i * n + j], 11);
        }
      }
    }),
    { numRuns: 30 },
  );
});

test("the input is not changed, and what is no matrix is refused", () => {
  const matrix = Float64Array.of(1, 0.5, 0.5, 4);
  symmetricEigen(matrix, 2);
  expect([...matrix]).toEqual([1, 0.5, 0.5, 4]);
  expect(() => symmetricEigen([1, 2, 3], 2)).toThrow("2 × 2 needs 4 values, received 3");
  expect(() => symmetricEigen([1, Number.NaN, Number.NaN, 4], 2)).toThrow("not finite");
});
