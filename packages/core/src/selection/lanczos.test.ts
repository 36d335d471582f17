import { expect, test } from "vitest";
import { createRandom } from "../random.ts";
import { lanczos, rademacher } from "./lanczos.ts";

/** The symmetric matrix with these eigenvalues whose eigenvectors are reflected unit vectors: H = Q diag(λ) Q, Q = I − 2 u uᵀ. */
function matrixOf(eigenvalues: readonly number[]) {
  const direction = eigenvalues.map((_, i) => 1 + ((i * 7) % 5));
  const length = Math.hypot(...direction);
  const u = direction.map((value) => value / length);
  const reflect = (vector: ArrayLike<number>) => {
    const along = u.reduce((sum, value, i) => sum + value * vector[i], 0);
    return Array.from(vector, (value, i) => value - 2 * along * u[i]);
  };
  return {
    product: (vector: Float32Array) => reflect(reflect(vector).map((value, i) => value * eigenvalues[i])),
    eigenvector: (j: number) => reflect(eigenvalues.map((_, i) => (i === j ? 1 : 0))),
  };
}

test("as many steps as dimensions give the eigenvalues, and the weights are squared cosines with the start", async () => {
  const eigenvalues = [-3.5, -0.25, 0.5, 1.75, 6];
  const { product, eigenvector } = matrixOf(eigenvalues);
  const start = [1, -1, 1, 1, -1];
  const { ritzValues, ritzWeights } = await lanczos(product, { start, numSteps: 5 });
  for (const [j, eigenvalue] of eigenvalues.entries()) {
    const cosine = eigenvector(j).reduce((sum, value, i) => sum + value * start[i], 0) / Math.sqrt(5);
    expect(ritzValues[j]).toBeCloseTo(eigenvalue, 5); // the basis is f32
    expect(ritzWeights[j]).toBeCloseTo(cosine * cosine, 5);
  }
});

test("few steps find the extremes, keep the moments of the spectrum and stay orthogonal", async () => {
  const n = 200;
  const eigenvalues = Array.from({ length: n }, (_, i) => (i === 0 ? -4 : i === n - 1 ? 9 : Math.sin(i)));
  const { product } = matrixOf(eigenvalues);
  const start = rademacher(n, createRandom(3).stream({ purpose: "probe" }));
  const { ritzValues, ritzWeights } = await lanczos(product, { start, numSteps: 40 });
  expect(ritzValues).toHaveLength(40);
  expect(ritzValues[0]).toBeCloseTo(-4, 5);
  expect(ritzValues[39]).toBeCloseTo(9, 5);
  expect(ritzValues.filter((value) => value > 8)).toHaveLength(1); // a lost orthogonality shows as copies of the extremes
  expect(ritzWeights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 12);
  const image = product(start);
  const quadratic = image.reduce((sum, value, i) => sum + value * start[i], 0) / n;
  expect(ritzValues.reduce((sum, value, j) => sum + ritzWeights[j] * value, 0)).toBeCloseTo(quadratic, 5);
});

test("it stops early when the start spans no more", async () => {
  const { product } = matrixOf([2, 2, 2, 5, 5]);
  const { ritzValues, ritzWeights } = await lanczos(product, { start: [1, 2, 3, 4, 6], numSteps: 5 });
  expect(ritzValues).toEqual([expect.closeTo(2, 5), expect.closeTo(5, 5)]);
  expect(ritzWeights[0] + ritzWeights[1]).toBeCloseTo(1, 12);
  expect(await lanczos((vector) => vector.map(() => 0), { start: [1, 1], numSteps: 2 })).toEqual({ ritzValues: [0], ritzWeights: [1] });
});

test("products may be promises, and steps are announced", async () => {
  const { product } = matrixOf([1, 3, 7]);
  const steps: number[] = [];
  const settings = { start: [1, 1, -1], numSteps: 3 };
  const later = await lanczos(async (vector) => product(vector), { ...settings, onStep: (step) => steps.push(step) });
  expect(later).toEqual(await lanczos(product, settings));
  expect(steps).toEqual([1, 2, 3]);
});

test("a product that is no product is refused", async () => {
  const settings = { start: [1, 1], numSteps: 2 };
  await expect(lanczos(() => [1], settings)).rejects.toThrow("1 values, expected 2");
  await expect(lanczos(() => [Number.NaN, 0], settings)).rejects.toThrow("step 1 is not finite");
  await expect(lanczos((v) => v, { ...settings, start: [0, 0] })).rejects.toThrow("length 0");
});

test("Rademacher entries are signs, about half of each", () => {
  const signs = rademacher(4000, createRandom(8).stream({ purpose: "probe" }));
  expect(new Set(signs)).toEqual(new Set([1, -1]));
  expect(Math.abs(signs.reduce((sum, sign) => sum + sign, 0))).toBeLessThan(4 * Math.sqrt(4000)); // four standard deviations
});
