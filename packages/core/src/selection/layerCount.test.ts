import { expect, test } from "vitest";
import { findKeepRatio, meanRatio, medianRatio, spectralMassAbove } from "./layerCount.ts";
import { numLayersToKeep } from "./selectLayers.ts";

test("Ritz values (-1, 0, 1, 5) keep 0.4952645 after five evaluations", () => {
  const found = findKeepRatio([-1, 0, 1, 5], [0.1, 0.4, 0.3, 0.2], "absolute");
  expect(found.ratio).toBeCloseTo(0.4952645, 7);
  expect(found.massAboveZero).toBeCloseTo(0.7145999, 7);
  expect(found.numEvaluations).toBe(5);
  expect(found.threshold).toBeCloseTo(0.4, 12);
});

test("Ritz values (0.01, 2) keep 0.9917022, after halving the step until the plateau is found", () => {
  expect(findKeepRatio([0.01, 2], [0.9, 0.1], "absolute").ratio).toBeCloseTo(0.9917022, 7);
});

test("sabotage: another spectrum changes how many of 24 layers are kept", () => {
  const ritzValues = [-1, 0, 1, 5];
  const counts = [
    [0.1, 0.4, 0.3, 0.2],
    [0.1, 0.1, 0.1, 0.7],
    [0.6, 0.1, 0.2, 0.1],
    [0.9, 0.02, 0.05, 0.03],
  ].map((weights) => numLayersToKeep(findKeepRatio(ritzValues, weights, "absolute").ratio, 24));
  expect(counts).toEqual([12, 19, 7, 2]);
});

test("the absolute form cannot tell spectra apart that are narrower than its width, the relative form can", () => {
  const narrow = [-0.0014, -0.0002, 0.0003, 0.0057];
  const ratios = (scale: "absolute" | "relative") =>
    [
      [0.05, 0.05, 0.1, 0.8],
      [0.3, 0.5, 0.1, 0.1],
    ].map((weights) => findKeepRatio(narrow, weights, scale).ratio);
  const [a, b] = ratios("relative");
  expect(Math.abs(a - b)).toBeGreaterThan(0.5);
  const [c, d] = ratios("absolute");
  expect(Math.abs(c - d)).toBeLessThan(Math.abs(a - b));
});

test("a spectrum without positive values keeps next to nothing, and so one layer", () => {
  const { ratio } = findKeepRatio([-5, -2, -1.5], [0.2, 0.5, 0.3], "absolute");
  expect(ratio).toBeLessThan(0.005); // what the last grid point holds, which a left sum leaves out
  expect(numLayersToKeep(ratio, 6)).toBe(1);
});

test("a spectrum of zeros is an answer in both scales, not a division by zero", () => {
  expect(findKeepRatio([0, 0], [0.3, 0.7], "relative")).toEqual(findKeepRatio([0, 0], [0.3, 0.7], "absolute"));
});

test("the mass above t falls from 1 to 0 and steps by the weights", () => {
  const massAbove = spectralMassAbove([-1, 2, 3], [0.2, 0.3, 0.5]);
  const masses = [-2, 0, 2.5, 4].map(massAbove);
  expect(masses[0]).toBe(1);
  // tails of the smoothing beyond the ends of the grid are cut and the rest renormalised: about 5 % of the outer values
  expect(masses[1]).toBeCloseTo(0.8, 1);
  expect(masses[2]).toBeCloseTo(0.5, 1);
  expect(masses[3]).toBeLessThan(0.005);
});

test("spectra that are no spectra are refused", () => {
  expect(() => findKeepRatio([], [], "absolute")).toThrow("at least one");
  expect(() => findKeepRatio([1, 2], [1], "absolute")).toThrow("received 2 and 1");
  expect(() => findKeepRatio([1, Number.NaN], [0.5, 0.5], "relative")).toThrow("must be finite");
  expect(() => findKeepRatio([1, 2], [0, 0], "absolute")).toThrow("sum positive");
});

test("a spectrum so wide that the grid misses its weights is refused instead of being searched for ever", () => {
  expect(() => findKeepRatio([-1e8, 0.37, 1e8], [0, 1, 0], "absolute")).toThrow("no grid point comes near");
  expect(findKeepRatio([-1e30, 1e30], [0.3, 0.7], "absolute").ratio).toBeCloseTo(0.7, 6);
  expect(findKeepRatio([-1e8, 0.37, 1e8], [0, 1, 0], "relative").ratio).toBeLessThan(1);
});

test("the mean ratio is unweighted", () => {
  expect(meanRatio([0.25, 0.75, 0.8])).toBeCloseTo(0.6, 12);
  expect(() => meanRatio([])).toThrow("no device");
});

test("the median of the devices' ratios is moved by no one of them, and each ratio lies between 0 and 1 whatever its spectrum says", () => {
  expect(medianRatio([0.25, 1, 0.3, 0.35])).toBeCloseTo(0.325, 12);
  expect(() => medianRatio([])).toThrow("no device");
  for (const values of [
    [-1e12, 1e12],
    [1e-12, 2e-12],
    [5, 5],
    [-3, -2],
  ]) {
    for (const scale of ["absolute", "relative"] as const) {
      const ratio = ratioOf(values, scale);
      if (ratio === null) continue; // no plateau: the device is left out
      expect(ratio).toBeGreaterThanOrEqual(0);
      expect(ratio).toBeLessThanOrEqual(1);
    }
  }
});

function ratioOf(values: readonly number[], scale: "absolute" | "relative"): number | null {
  try {
    return findKeepRatio(values, [0.3, 0.7], scale).ratio;
  } catch (error) {
    expect(String(error)).toMatch(/no plateau|no grid point/);
    return null;
  }
}
