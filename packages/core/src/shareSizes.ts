import type { RandomStream } from "./random.ts";

const MAX_SIZE_REDRAWS = 1000;

/** Sizes that differ by at most one, the larger ones first. */
export function evenSizes(numRows: number, numDevices: number): number[] {
  return Array.from({ length: numDevices }, (_, device) => Math.floor(numRows / numDevices) + (device < numRows % numDevices ? 1 : 0));
}

/** What decides how large shares are. */
export interface SizeSettings {
  readonly concentration: number;
  /** n ≥ N. */
  readonly numRows: number;
  readonly numDevices: number;
  readonly stream: RandomStream;
}

/** How many examples each share gets. */
export interface DrawnSizes {
  /** n_i ≥ 1. */
  readonly sizes: number[];
  /** q. */
  readonly fractions: number[];
  /** Set when no draw would do. */
  readonly note: string | null;
}

/**
 * Sizes `round(q_i n)` with the rounding error on the last device, q ~ Dirichlet(concentration), redrawn until none is empty.
 * After 1,000 redraws every device gets one row and shares the rest by the last q, and a note says so.
 */
export function dirichletSizes({ concentration, numRows, numDevices, stream }: SizeSettings): DrawnSizes {
  const concentrations = Array.from({ length: numDevices }, () => concentration);
  let fractions = stream.dirichlet(concentrations);
  for (let redraws = 0; redraws < MAX_SIZE_REDRAWS; redraws++) {
    const sizes = fractions.slice(0, -1).map((fraction) => Math.round(fraction * numRows));
    sizes.push(numRows - sizes.reduce((a, b) => a + b, 0));
    if (sizes.every((size) => size >= 1)) return { sizes, fractions, note: null };
    fractions = stream.dirichlet(concentrations);
  }
  const sizes = apportion(fractions, numRows - numDevices).map((size) => size + 1);
  const note = `${MAX_SIZE_REDRAWS} draws of ${numDevices} shares of ${numRows} examples all left a share empty: each device got one example, then its share of the rest`;
  return { sizes, fractions, note };
}

/** Sizes `round(q_i n)` that never exceed what is left; the last device takes the rest. Some may be 0. */
export function apportion(fractions: readonly number[], numRows: number): number[] {
  let left = numRows;
  return fractions.map((fraction, device) => {
    const size = device === fractions.length - 1 ? left : Math.min(left, Math.round(fraction * numRows));
    left -= size;
    return size;
  });
}

/** Cuts `items` into consecutive pieces of these sizes. */
export function takeSizes<T>(items: readonly T[], sizes: readonly number[]): T[][] {
  let at = 0;
  return sizes.map((size) => {
    const piece = items.slice(at, at + size);
    at += size;
    return piece;
  });
}
