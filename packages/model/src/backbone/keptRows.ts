import type { PackedBackbone } from "./packed.ts";

/** The tokens that one device's texts are made of fit in this. */
const mostBytes = 8 * 2 ** 20;

/**
 * Reads rows of a packed table by their indices, (rows, width) end to end in an array that is the caller's, and keeps what it has unpacked: a
 * device's texts come again in every epoch. Rows that the room is too small for are unpacked each time.
 */
export function keptRows(
  { config, rows }: Pick<PackedBackbone, "config" | "rows">,
  name: string,
  maxBytes = mostBytes,
): (indices: ArrayLike<number>) => Float32Array {
  const width = config.hiddenSize;
  const maxRows = Math.floor(maxBytes / (4 * width));
  const kept = new Map<number, Float32Array>();
  return (indices) => {
    const result = new Float32Array(indices.length * width);
    for (let i = 0; i < indices.length; i++) {
      const index = indices[i];
      const row = kept.get(index) ?? rows(name, [index]);
      if (kept.size < maxRows) kept.set(index, row);
      result.set(row, i * width);
    }
    return result;
  };
}
