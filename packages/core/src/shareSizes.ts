import type { RandomStream } from "./random.ts";

const MAX_SIZE_REDRAWS = 1000;

/** Sizes that differ by at most one, the larger ones first. */
export function evenSizes(numRows: number, numDevices: number): number[] {
  return Array.from({ length: numDevices }, (_, device) => Math.floor(numRows / numDevices) + (device < numRows % numDevices ? 1 : 0));
}

/**
 * Sizes `round(q_i n)` with the rounding error on the last device, q ~ Dirichlet(concentration), redrawn until none is empty.
 * After 1,000 draws every device gets one row and shares the rest by the last q, and a note says so. Needs n ≥ N.
 */
export function dirichletSizes(
  concentration: number,
  numRows: number,
  numDevices: number,
  stream: RandomStream,
  notes: string[],
): { sizes: number[]; fractions: number[] } {
  const concentrations = Array.from({ length: numDevices }, () => concentration);
  let fractions: number[] = [];
  for (let redraws = 0; redraws <= MAX_SIZE_REDRAWS; redraws++) {
    fractions = stream.dirichlet(concentrations);
    const sizes = fractions.slice(0, -1).map((fraction) => Math.round(fraction * numRows));
    sizes.push(numRows - sizes.reduce((a, b) => a + b, 0));
    if (sizes.every((size) => size >= 1)) return { sizes, fractions };
  }
  notes.push(
    `${MAX_SIZE_REDRAWS} draws of ${numDevices} device sizes for ${numRows} examples all left a device empty: each got one example, the rest follow the last draw`,
  );
  return { sizes: apportion(fractions, numRows - numDevices).map((size) => size + 1), fractions };
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
