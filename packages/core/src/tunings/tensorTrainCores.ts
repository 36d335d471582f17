const prefix = "tensorTrain/";

/** The name of the core `index` of one of an adapter's two matrices. */
export function coreName(layer: number, place: string, { matrix, index }: { readonly matrix: string; readonly index: number }): string {
  return `${prefix}${layer}/${place}/${matrix}/${index}`;
}

/** Which core of its matrix a parameter is, from 0; null for one that is none. */
export function coreIndexOf(name: string): number | null {
  const [, index] = /^tensorTrain\/.+\/(\d+)$/.exec(name) ?? [];
  return index === undefined ? null : Number(index);
}

/** D, cores of each matrix; 0 where a run trains none. */
export function numCoresOf(layerNames: readonly (readonly string[])[]): number {
  return layerNames.flat().reduce((most, name) => Math.max(most, (coreIndexOf(name) ?? -1) + 1), 0);
}

/** The size as the fewest factors of at most `maxFactor`, as even as they can be, the largest first: 768 is 12 · 8 · 8. Null where a prime is larger. */
export function evenFactors(size: number, maxFactor: number): number[] | null {
  for (let count = 1; count <= Math.max(1, Math.log2(size)); count++) {
    const found = splitInto(count, size, maxFactor);
    if (found !== null) return found;
  }
  return null;
}

/** `count` factors in descending order, the smallest possible one first. */
function splitInto(count: number, size: number, most: number): number[] | null {
  if (count === 1) return size <= most ? [size] : null;
  const least = Math.ceil(size ** (1 / count) - 1e-9); // the largest of them is no smaller than their geometric mean
  for (let factor = Math.max(2, least); factor <= Math.min(most, size); factor++) {
    const rest = size % factor === 0 ? splitInto(count - 1, size / factor, factor) : null;
    if (rest !== null) return [factor, ...rest];
  }
  return null;
}

/** Shapes r × k_i × r of the cores of a matrix with these factors k_i, with ranks of 1 at both ends (LoRETTA, equation 1). */
export function coreShapes(factors: readonly number[], rank: number): (readonly [number, number, number])[] {
  const last = factors.length - 1;
  return factors.map((factor, i) => [i === 0 ? 1 : rank, factor, i === last ? 1 : rank] as const);
}
