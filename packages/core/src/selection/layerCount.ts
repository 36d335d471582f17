import { medianOf } from "../aggregation/columns.ts";

const GRID_SIZE = 10_000;
const MARGIN = 0.01;
const MAX_HALVINGS = 40;
const PLATEAU_TOLERANCE = 0.005;

/** Whether eigenvalues are compared with the client's rate as they are, or relative to the largest one. */
export type ProbeScale = "absolute" | "relative";

/** The share of layers to keep that one device's spectrum says, and how it was found. */
export interface KeepRatio {
  /** r, in [0, 1]. */
  readonly ratio: number;
  /** t at which the plateau ended. */
  readonly threshold: number;
  /** r(0). */
  readonly massAboveZero: number;
  /** Values of r looked at with the last step width δ, r(0) among them. */
  readonly numEvaluations: number;
}

/**
 * Plateau search over the smoothed spectral density (fedpeptao.md §4, steps 3 and 4).
 * `relative` divides the Ritz values by the largest magnitude first. Throws when there is no plateau after 40 halvings of δ.
 */
export function findKeepRatio(ritzValues: readonly number[], ritzWeights: readonly number[], probeScale: ProbeScale): KeepRatio {
  const massAbove = spectralMassAbove(probeScale === "relative" ? relativeTo(ritzValues) : ritzValues, ritzWeights);
  const massAboveZero = massAbove(0);
  let step = 0.1;
  for (let halvings = 0; halvings <= MAX_HALVINGS; halvings++) {
    const found = searchPlateau(massAbove, massAboveZero, step);
    if (found !== null) return { ...found, massAboveZero };
    step /= 2;
  }
  throw new Error(`layer count: no plateau of the spectral mass after ${MAX_HALVINGS} halvings of the step`);
}

/** Unweighted mean of the devices' ratios. */
export function meanRatio(ratios: readonly number[]): number {
  if (ratios.length === 0) throw new Error("layer count: no device sent a spectrum");
  return ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length;
}

/** The median of the devices' ratios. */
export function medianRatio(ratios: readonly number[]): number {
  if (ratios.length === 0) throw new Error("layer count: no device sent a spectrum");
  return medianOf(ratios);
}

/** r(t): the mass above t of Ritz values smoothed with σ² = 1e-5 · max(1, range), as a left Riemann sum on 10,000 points. */
export function spectralMassAbove(ritzValues: readonly number[], ritzWeights: readonly number[]): (t: number) => number {
  requireSpectrum(ritzValues, ritzWeights);
  const first = Math.min(...ritzValues) - MARGIN;
  const last = Math.max(...ritzValues) + MARGIN;
  const step = (last - first) / (GRID_SIZE - 1);
  const grid = Float64Array.from({ length: GRID_SIZE }, (_, j) => (j === GRID_SIZE - 1 ? last : first + j * step));
  const massBelow = cumulativeMass(grid, ritzValues, ritzWeights); // massBelow[j] = Δ Σ_{i ≤ j} φ_i
  return (t) => {
    const numBelow = countUpTo(grid, t) - 1; // j with g_{j+1} ≤ t are 0 … numBelow − 1
    return numBelow < 1 ? 1 : Math.max(0, 1 - massBelow[numBelow - 1]);
  };
}

function cumulativeMass(grid: Float64Array, ritzValues: readonly number[], ritzWeights: readonly number[]): Float64Array {
  const variance = 1e-5 * Math.max(1, grid[GRID_SIZE - 1] - grid[0]);
  const cumulative = new Float64Array(GRID_SIZE);
  let sum = 0;
  for (let j = 0; j < GRID_SIZE; j++) {
    for (let m = 0; m < ritzValues.length; m++) {
      const distance = grid[j] - ritzValues[m];
      sum += ritzWeights[m] * Math.exp((-distance * distance) / (2 * variance));
    }
    cumulative[j] = sum;
  }
  if (!(sum > 0)) throw new Error("spectrum: its range is so wide that no grid point comes near a Ritz value with weight");
  return cumulative.map((mass) => mass / sum); // the Normal's factor and Δ cancel
}

/** How many of the ascending values are ≤ t. */
function countUpTo(ascending: Float64Array, t: number): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ascending[middle] <= t) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** t = 0, δ, 2δ, … until three consecutive differences of r are small; null when r falls below r(0)/2 first. */
function searchPlateau(massAbove: (t: number) => number, massAboveZero: number, step: number) {
  let previous = massAboveZero;
  let numFlat = 0;
  let threshold = 0;
  for (let numEvaluations = 2; ; numEvaluations++) {
    threshold += step;
    const ratio = massAbove(threshold);
    if (ratio < massAboveZero / 2) return null;
    numFlat = Math.abs(ratio - previous) < PLATEAU_TOLERANCE ? numFlat + 1 : 0;
    if (numFlat === 3) return { ratio, threshold, numEvaluations };
    previous = ratio;
  }
}

function relativeTo(ritzValues: readonly number[]): readonly number[] {
  const largest = Math.max(...ritzValues.map(Math.abs));
  return largest === 0 ? ritzValues : ritzValues.map((value) => value / largest);
}

function requireSpectrum(values: readonly number[], weights: readonly number[]): void {
  if (values.length === 0 || values.length !== weights.length) {
    throw new Error(`spectrum: needs as many weights as Ritz values, at least one; received ${values.length} and ${weights.length}`);
  }
  const isUsable = values.every(Number.isFinite) && weights.every((weight) => Number.isFinite(weight) && weight >= 0);
  if (!isUsable || !(weights.reduce((sum, weight) => sum + weight, 0) > 0)) {
    throw new Error("spectrum: Ritz values must be finite, weights finite and not negative, and their sum positive");
  }
}
