import { rowsOf } from "@tutti/core";
import { findSource } from "./checkpoint.ts";
import { type CheckpointFiles, type LocatedEntry, readElements } from "./checkpointFiles.ts";
import { decodeFloats, floatBytes } from "./safetensors.ts";
import type { TensorName } from "./tensorNames.ts";

/** Some rows of a tensor. */
interface RowRange {
  readonly first: number;
  readonly count: number;
}

/** What a block may hold at most, so that memory does not grow with the checkpoint. */
export const blockFloats = 1 << 20;

/** Rows of a tensor that are read at once; a transposed one is read whole for each block, so its blocks are larger. */
export function rowsPerBlock(wanted: TensorName): number {
  const { width } = rowsOf(wanted.shape);
  return Math.max(1, Math.floor((wanted.isTransposed ? 4 * blockFloats : blockFloats) / width));
}

/** Rows of a wanted tensor as f32, with the checkpoint's transposition and fusing undone; a vector is one row. */
export async function readRows(
  files: CheckpointFiles,
  entries: ReadonlyMap<string, LocatedEntry>,
  wanted: TensorName,
  range: RowRange,
): Promise<Float32Array> {
  const { source, entry } = findSource(wanted, entries);
  if (wanted.isTransposed) return readColumns(files, { source, entry, wanted }, range);
  const { width } = rowsOf(wanted.shape);
  const first = wanted.shape.length === 1 ? wanted.firstOutput : (wanted.firstOutput + range.first) * width;
  return readElements(files, source, entry, { first, count: range.count * width });
}

/** Columns of an (in, out) matrix as rows (count, in), read in blocks of the matrix's own rows. */
async function readColumns(
  files: CheckpointFiles,
  { source, entry, wanted }: { source: string; entry: LocatedEntry; wanted: TensorName },
  { first, count }: RowRange,
): Promise<Float32Array> {
  const [numInputs, fused] = wanted.sourceShape;
  const each = floatBytes(source, entry.dtype);
  const blockRows = Math.max(1, Math.floor(blockFloats / fused));
  const result = new Float32Array(count * numInputs);
  for (let start = 0; start < numInputs; start += blockRows) {
    const rows = Math.min(blockRows, numInputs - start);
    const bytes = await files.read(entry.file, entry.start + each * start * fused, each * rows * fused);
    for (let row = 0; row < rows; row++) {
      const at = row * fused + wanted.firstOutput + first;
      const values = decodeFloats(source, entry.dtype, bytes.subarray(each * at, each * (at + count)), start * fused + at);
      for (let column = 0; column < count; column++) result[column * numInputs + start + row] = values[column];
    }
  }
  return result;
}
