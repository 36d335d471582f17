import { fromF16, toF16 } from "../encoding.ts";
import { int4, nf4 } from "./fourBits.ts";

/** The two sections of packed rows; `scales` is empty for encodings without. */
export interface PackedRows {
  readonly values: Uint8Array;
  readonly scales: Uint8Array;
}

/** How one row of floats is stored, in two sections. */
export interface Format {
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
    for (let i = 0; i < source.length; i++) view.setFloat32(start + 4 * i, source[i], true);
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
    for (let i = 0; i < source.length; i++) view.setUint16(start + 2 * i, finiteHalf(source[i]), true);
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
      const scale = Math.fround(largestMagnitude(source, start, end) / 127);
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

/** A table of 16 levels with one f16 scale per group; two values a byte, the first of each pair in the low half. */
function fourBitFormat({ scaleOf, codeOf, levels }: typeof int4): Format {
  const valueBytes = (width: number) => Math.ceil(width / 2);
  const scaleBytes = (width: number, groupSize: number) => 2 * Math.ceil(width / groupSize);
  return {
    valueBytes,
    scaleBytes,
    packRow(source, row, target, groupSize) {
      const width = source.length;
      const scales = viewOf(target.scales);
      const first = row * valueBytes(width);
      for (let start = 0, at = row * scaleBytes(width, groupSize); start < width; start += groupSize, at += 2) {
        const end = Math.min(start + groupSize, width);
        const half = finiteHalf(scaleOf(largestMagnitude(source, start, end)));
        const scale = fromF16(half);
        scales.setUint16(at, half, true);
        for (let i = start; i < end; i++) {
          const code = codeOf(scale === 0 ? 0 : source[i] / scale);
          target.values[first + (i >> 1)] |= i % 2 === 0 ? code : code << 4;
        }
      }
    },
    unpackRow(source, row, target, groupSize) {
      const width = target.length;
      const scales = viewOf(source.scales);
      const first = row * valueBytes(width);
      for (let start = 0, at = row * scaleBytes(width, groupSize); start < width; start += groupSize, at += 2) {
        const scale = fromF16(scales.getUint16(at, true));
        const end = Math.min(start + groupSize, width);
        for (let i = start; i < end; i++) {
          const pair = source.values[first + (i >> 1)];
          target[i] = levels[i % 2 === 0 ? pair & 15 : pair >> 4] * scale;
        }
      }
    },
  };
}

/** Every encoding a backbone's tensors can have; the manifest's schema, the command line and the packer read this table. */
export const formats = { f32: floats, f16: halves, int8: bytes, int4: fourBitFormat(int4), nf4: fourBitFormat(nf4) } satisfies Readonly<
  Record<string, Format>
>;

/** Values per scale of each encoding unless asked otherwise; 0 without scales. */
export const defaultGroupSizes = { f32: 0, f16: 0, int8: 64, int4: 32, nf4: 64 } as const;

function finiteHalf(value: number): number {
  const half = toF16(value);
  if ((half & 0x7c00) === 0x7c00) throw new RangeError(`${value} does not fit in f16, whose largest value is 65504`);
  return half;
}

function largestMagnitude(values: Float32Array, start: number, end: number): number {
  let largest = 0;
  for (let i = start; i < end; i++) largest = Math.max(largest, Math.abs(values[i]));
  return largest;
}

function viewOf(array: Uint8Array): DataView {
  return new DataView(array.buffer, array.byteOffset, array.byteLength);
}
