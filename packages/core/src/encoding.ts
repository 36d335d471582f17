import { mapParams, type Params, sizeOf, type Tensor } from "./params.ts";
import type { Encoding } from "./settings/fields.ts";

/** Bytes of a tensor of this shape; int8 has one f32 scale per row of the last axis, before the values. */
export function encodedSize(shape: readonly number[], encoding: Encoding): number {
  const size = sizeOf(shape);
  if (encoding === "f32") return 4 * size;
  return encoding === "f16" ? 2 * size : 4 * numRows(shape) + size;
}

/**
 * Little-endian bytes of a tensor in row-major order. f16 rounds to nearest, ties to even; int8 is (scales of all rows, values of all rows).
 * Throws, naming tensor and value, where a value is not finite or too large for f16.
 */
export function encodeTensor(tensor: Tensor, encoding: Encoding, name = "tensor"): Uint8Array {
  const bytes = new Uint8Array(encodedSize(tensor.shape, encoding));
  if (encoding === "f32") writeF32(tensor.data, bytes, name);
  else if (encoding === "f16") writeF16(tensor.data, bytes, name);
  else writeInt8(tensor, bytes, name);
  return bytes;
}

/** The tensor that `encodeTensor` wrote, always a copy; `bytes` may start at any address. It is not checked for NaN and infinity. */
export function decodeTensor(bytes: Uint8Array, shape: readonly number[], encoding: Encoding, name = "tensor"): Tensor {
  const expected = encodedSize(shape, encoding);
  if (bytes.length !== expected) {
    throw new Error(`tensor ${name}: shape [${shape.join(",")}] in ${encoding} needs ${expected} bytes, received ${bytes.length}`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const data = new Float32Array(sizeOf(shape));
  if (encoding === "f32") for (let i = 0; i < data.length; i++) data[i] = view.getFloat32(4 * i, true);
  else if (encoding === "f16") readF16(view, data);
  else readInt8(view, data, numRows(shape));
  return { shape, data };
}

/** What a receiver decodes. Encoding it again changes nothing, in each of the encodings. */
export function roundTrip(params: Params, encoding: Encoding): Params {
  return mapParams(params, (tensor, name) => decodeTensor(encodeTensor(tensor, encoding, name), tensor.shape, encoding, name));
}

/** The 16 bits of the half-precision float nearest to `value`, ties to even; infinite from 65,520 on, and NaN stays NaN. */
export function toF16(value: number): number {
  oneFloat[0] = value;
  return halfBits(oneBits[0]);
}

/** The value of a half-precision float given by its 16 bits. */
export function fromF16(bits: number): number {
  return halfValues()[bits & 0xffff];
}

const oneFloat = new Float32Array(1);
const oneBits = new Uint32Array(oneFloat.buffer);

function numRows(shape: readonly number[]): number {
  return sizeOf(shape.slice(0, -1));
}

function requireFinite(value: number, index: number, name: string): void {
  if (value - value !== 0) throw new Error(`tensor ${name}: value ${value} at ${index} is not finite`);
}

function writeF32(data: Float32Array, bytes: Uint8Array, name: string): void {
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < data.length; i++) {
    requireFinite(data[i], i, name);
    view.setFloat32(4 * i, data[i], true);
  }
}

function writeF16(data: Float32Array, bytes: Uint8Array, name: string): void {
  const floatBits = new Uint32Array(data.buffer, data.byteOffset, data.length);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < data.length; i++) {
    const half = halfBits(floatBits[i]);
    if ((half & 0x7c00) === 0x7c00) {
      requireFinite(data[i], i, name);
      throw new Error(`tensor ${name}: value ${data[i]} at ${i} is too large for f16, whose largest is 65504`);
    }
    view.setUint16(2 * i, half, true);
  }
}

function halfBits(floatBits: number): number {
  const sign = (floatBits >>> 16) & 0x8000;
  const magnitude = floatBits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00; // NaN
  if (magnitude >= 0x477ff000) return sign | 0x7c00; // 65,520 and more
  if (magnitude >= 0x38800000) return sign | ((magnitude - 0x38000000 + 0xfff + ((magnitude >>> 13) & 1)) >>> 13);
  if (magnitude < 0x33000000) return sign; // below 2⁻²⁵
  const mantissa = (magnitude & 0x7fffff) | 0x800000;
  const shift = 126 - (magnitude >>> 23); // to units of 2⁻²⁴
  const halfUnit = 1 << (shift - 1);
  return sign | ((mantissa + halfUnit - 1 + ((mantissa >>> shift) & 1)) >>> shift);
}

let halfTable: Float32Array | null = null;

/** The value of each of the 65,536 half-precision floats, made on first use. */
function halfValues(): Float32Array {
  if (halfTable !== null) return halfTable;
  const table = new Float32Array(65536);
  for (let bits = 0; bits < 65536; bits++) {
    const exponent = (bits >>> 10) & 0x1f;
    const fraction = bits & 0x3ff;
    const sign = bits & 0x8000 ? -1 : 1;
    if (exponent === 31) table[bits] = fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
    else table[bits] = exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25);
  }
  halfTable = table;
  return table;
}

function readF16(view: DataView, data: Float32Array): void {
  const values = halfValues();
  for (let i = 0; i < data.length; i++) data[i] = values[view.getUint16(2 * i, true)];
}

function writeInt8({ shape, data }: Tensor, bytes: Uint8Array, name: string): void {
  const rows = numRows(shape);
  const width = rows === 0 ? 0 : data.length / rows;
  const view = new DataView(bytes.buffer);
  for (let row = 0; row < rows; row++) {
    let largest = 0;
    for (let i = row * width; i < (row + 1) * width; i++) {
      requireFinite(data[i], i, name);
      largest = Math.max(largest, Math.abs(data[i]));
    }
    const scale = rowScale(largest);
    view.setFloat32(4 * row, scale, true);
    if (scale === 0) continue;
    for (let i = row * width; i < (row + 1) * width; i++) {
      view.setInt8(4 * rows + i, Math.min(127, Math.max(-127, Math.round(data[i] / scale))));
    }
  }
}

/**
 * largest / 127 as f32, 0 where that would be subnormal. The largest decoded value, 127 times the scale as f32, gives this scale again: a scale
 * whose product errs by more than half a unit is not the nearest to any f32 / 127. So what was decoded encodes to the same bytes.
 */
function rowScale(largest: number): number {
  const scale = Math.fround(largest / 127);
  return scale < 2 ** -126 ? 0 : scale;
}

function readInt8(view: DataView, data: Float32Array, rows: number): void {
  const width = rows === 0 ? 0 : data.length / rows;
  for (let i = 0; i < data.length; i++) data[i] = view.getFloat32(4 * Math.floor(i / width), true) * view.getInt8(4 * rows + i);
}
