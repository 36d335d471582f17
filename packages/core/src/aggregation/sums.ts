import type { Admitted, Updates } from "./declaration.ts";

/** Σ weight · factor · x over the admitted updates, in float64 and in their order. */
export function sumOf(vectors: readonly Float32Array[], admitted: readonly Admitted[]): Float64Array {
  const sum = new Float64Array(vectors[0]?.length ?? 0);
  for (const { place, factor, weight } of admitted) {
    const vector = vectors[place];
    const share = weight * factor;
    for (let i = 0; i < sum.length; i++) sum[i] += share * vector[i];
  }
  return sum;
}

/** Every update at its weight, with the factor that its place gives. */
export function admitAll({ weights }: Pick<Updates, "weights">, factorOf: (place: number) => number): Admitted[] {
  return weights.map((weight, place) => ({ place, factor: factorOf(place), weight }));
}

/** What a vector of this norm is multiplied by to come within another; 1 within it. */
export function clipFactor(norm: number, maxNorm: number): number {
  return norm > maxNorm ? maxNorm / norm : 1;
}

/** The most devices that can be bad while the others are more: ⌊(n − 1) / 2⌋. */
export function fewerThanHalf(numUpdates: number): number {
  return Math.floor((numUpdates - 1) / 2);
}
