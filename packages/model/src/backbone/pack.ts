import { fromF16, toF16 } from "@tutti/core";

/** How a tensor's floats are stored. */
export type TensorEncoding = "f32" | "f16" | "int8";

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

/** The two sections of packed rows; `scales` is empty for encodings without. */
export interface PackedRows {
  readonly values: Uint8Array;
  readonly scales: Uint8Array;
}

interface Format {
  /** Bytes of one row's values. */
  valueBytes(width: number): number;
  /** Bytes of one row's scales. */
  scaleBytes(width: number, groupSize: number): number;
  /** Packs one row of `width` floats; `row` counts from the start of both sections. */
  packRow(source: Float32Array, row: number, target: PackedRows, groupSize: number): void;
  unpackRow(source: PackedRows, row: number, target: Float32Array, groupSize: number): void;
}

const floats: Format = {
  valueBytes: (width) => 4 * width,
  scaleBytes: () => 0,
  packRow(source, row, target) {
    const view = viewOf(target.values);
    const start = row * 4 * source.length;
    source.forEach((value, i) => {
      view.setFloat32(start + 4 * i, value, true);
    });
  },
  unpackRow(source, row, target) {
    const view = viewOf(source.values);
    const start = row * 4 * target.length;
    for (let i = 0; i < target.length; i++) target[i] = view.getFloat32(start + 4 * i, true);
  },
};

const halves: Format = {
  valueBytes: (width) => 2 * width,
  scaleBytes: () => 0,
  packRow(source, row, target) {
    const view = viewOf(target.values);
    const start = row * 2 * source.length;
    source.forEach((value, i) => {
      const half = toF16(value);
      if ((half & 0x7c00) === 0x7c00) throw new RangeError(`${value} does not fit in f16, whose largest value is 65504`);
      view.setUint16(start + 2 * i, half, true);
    });
  },
  unpackRow(source, row, target) {
    const view = viewOf(source.values);
    const start = row * 2 * target.length;
    for (let i = 0; i < target.length; i++) target[i] = fromF16(view.getUint16(start + 2 * i, true));
  },
};

/** Symmetric: value = q · scale with q in −127 … 127 and scale = largest magnitude of the group / 127. */
const bytes: Format = {
  valueBytes: (width) => width,
  scaleBytes: (width, groupSize) => 4 * Math.ceil(width / groupSize),
  packRow(source, row, target, groupSize) {
    const width = source.length;
    const scales = viewOf(target.scales);
    for (let start = 0, at = row * this.scaleBytes(width, groupSize); start < width; start += groupSize, at += 4) {
      const end = Math.min(start + groupSize, width);
      let largest = 0;
      for (let i = start; i < end; i++) largest = Math.max(largest, Math.abs(source[i]));
      const scale = Math.fround(largest / 127);
      scales.setFloat32(at, scale, true);
      for (let i = start; i < end; i++) {
        const level = scale === 0 ? 0 : Math.max(-127, Math.min(127, Math.round(source[i] / scale)));
        target.values[row * width + i] = level & 255;
      }
    }
  },
  unpackRow(source, row, target, groupSize) {
    const width = target.length;
    const scales = viewOf(source.scales);
    for (let start = 0, at = row * this.scaleBytes(width, groupSize); start < width; start += groupSize, at += 4) {
      const scale = scales.getFloat32(at, true);
      const end = Math.min(start + groupSize, width);
      for (let i = start; i < end; i++) target[i] = ((source.values[row * width + i] << 24) >> 24) * scale;
    }
  },
};

const formats: Readonly<Record<TensorEncoding, Format>> = { f32: floats, f16: halves, int8: bytes };

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

function viewOf(array: Uint8Array): DataView {
  return new DataView(array.buffer, array.byteOffset, array.byteLength);
}
