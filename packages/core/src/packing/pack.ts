import { defaultGroupSizes, type Format, type PackedRows, formats as table } from "./formats.ts";

/** How a tensor's floats are stored. */
export type TensorEncoding = keyof typeof table;

/** Every encoding's name. */
export const tensorEncodings = ["f32", "f16", "int8", "int4", "nf4"] as const satisfies readonly TensorEncoding[];

/** An encoding with its group length along the last axis; 0 for encodings without scales. */
export interface Packing {
  readonly encoding: TensorEncoding;
  readonly groupSize: number;
}

/**
 * A tensor as stored: its values row by row, then, at the next multiple of 64 bytes, its scales.
 * Scales are (rows, ceil(width / groupSize)); rows are all axes but the last.
 */
export interface PackedTensor extends Packing {
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

const formats: Readonly<Record<TensorEncoding, Format>> = table;

/** An encoding with its usual group length: 64 for int8 and nf4, 32 for int4. */
export function packingFor(encoding: TensorEncoding): Packing {
  return { encoding, groupSize: defaultGroupSizes[encoding] };
}

/** Where sections and tensors begin: multiples of this many bytes. */
export const alignment = 64;

/** The next multiple of 64 bytes. */
export function aligned(numBytes: number): number {
  return Math.ceil(numBytes / alignment) * alignment;
}

/** Rows and width of a tensor: (all axes but the last, the last). */
export function rowsOf(shape: readonly number[]): { rows: number; width: number } {
  const width = shape.at(-1) ?? 1;
  return { rows: shape.slice(0, -1).reduce((product, size) => product * size, 1), width };
}

/** Bytes of both sections of a packed tensor, and where the scales begin. */
export function packedSizes(shape: readonly number[], packing: Packing): { valueBytes: number; scaleOffset: number; numBytes: number } {
  const { rows, width } = rowsOf(shape);
  const format = formats[packing.encoding];
  const valueBytes = rows * format.valueBytes(width);
  const scaleBytes = rows * format.scaleBytes(width, packing.groupSize);
  const scaleOffset = scaleBytes === 0 ? valueBytes : aligned(valueBytes);
  return { valueBytes, scaleOffset, numBytes: scaleOffset + scaleBytes };
}

/** Packs a block of whole rows, so that a table never has to be in memory at once. */
export function packRows(values: Float32Array, width: number, packing: Packing): PackedRows {
  const format = formats[packing.encoding];
  const rows = values.length / width;
  const target = {
    values: new Uint8Array(rows * format.valueBytes(width)),
    scales: new Uint8Array(rows * format.scaleBytes(width, packing.groupSize)),
  };
  for (let row = 0; row < rows; row++) {
    format.packRow(values.subarray(row * width, (row + 1) * width), row, target, packing.groupSize);
  }
  return target;
}

/** Packs a whole tensor. */
export function packTensor(shape: readonly number[], values: Float32Array, packing: Packing): PackedTensor {
  const { rows, width } = rowsOf(shape);
  if (values.length !== rows * width) throw new Error(`shape [${shape}] needs ${rows * width} floats, received ${values.length}`);
  const { scaleOffset, numBytes } = packedSizes(shape, packing);
  const packed = packRows(values, width, packing);
  const target = new Uint8Array(numBytes);
  target.set(packed.values, 0);
  target.set(packed.scales, scaleOffset);
  return { shape, ...packing, bytes: target };
}

/** The values and the scales of a packed tensor, as views on its bytes. */
export function sectionsOf(tensor: PackedTensor): PackedRows {
  const { valueBytes, scaleOffset, numBytes } = packedSizes(tensor.shape, tensor);
  if (tensor.bytes.length !== numBytes) {
    throw new Error(`${tensor.encoding} tensor of shape [${tensor.shape}] needs ${numBytes} bytes, received ${tensor.bytes.length}`);
  }
  return { values: tensor.bytes.subarray(0, valueBytes), scales: tensor.bytes.subarray(scaleOffset) };
}

/** Unpacks a whole tensor to f32. */
export function unpackTensor(tensor: PackedTensor): Float32Array {
  const { rows } = rowsOf(tensor.shape);
  return unpackRows(
    tensor,
    Array.from({ length: rows }, (_, row) => row),
  );
}

/** Unpacks the given rows, in the given order: (rowIndices.length, width). */
export function unpackRows(tensor: PackedTensor, rowIndices: ArrayLike<number>): Float32Array {
  const { rows, width } = rowsOf(tensor.shape);
  const sections = sectionsOf(tensor);
  const format = formats[tensor.encoding];
  const result = new Float32Array(rowIndices.length * width);
  for (let i = 0; i < rowIndices.length; i++) {
    const row = rowIndices[i];
    if (!Number.isInteger(row) || row < 0 || row >= rows) throw new RangeError(`row ${row} of a table with ${rows} rows`);
    format.unpackRow(sections, row, result.subarray(i * width, (i + 1) * width), tensor.groupSize);
  }
  return result;
}
