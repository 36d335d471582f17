import { type Params, sizeOf } from "./params.ts";

/** Writes parameters as an F32 safetensors file, in the order of their names. */
export function writeSafetensors(params: Params, metadata: Readonly<Record<string, string>> = {}): Uint8Array {
  const entries = Object.entries(params).sort(([a], [b]) => (a < b ? -1 : 1));
  const header = safetensorsHeader(
    entries.map(([name, { shape }]) => ({ name, shape })),
    metadata,
  );
  const file = new Uint8Array(header.length + entries.reduce((sum, [, { data }]) => sum + 4 * data.length, 0));
  file.set(header);
  let at = header.length;
  for (const [, { data }] of entries) {
    file.set(tensorBytes(data), at);
    at += 4 * data.length;
  }
  return file;
}

/** What an F32 file begins with, before the bytes of these tensors in this order. */
export function safetensorsHeader(
  tensors: readonly { readonly name: string; readonly shape: readonly number[] }[],
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  const header: Record<string, unknown> = { __metadata__: metadata };
  let size = 0;
  for (const { name, shape } of tensors) {
    const end = size + 4 * sizeOf(shape);
    header[name] = { dtype: "F32", shape, data_offsets: [size, end] };
    size = end;
  }
  const json = JSON.stringify(header).replace(/[\u0080-\uffff]/g, escaped); // ASCII, so that a character is a byte
  const padded = Math.ceil(json.length / 8) * 8; // readers want the data 8-byte aligned; JSON may end in spaces
  const bytes = new Uint8Array(8 + padded).fill(0x20, 8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(padded), true);
  for (let i = 0; i < json.length; i++) bytes[8 + i] = json.charCodeAt(i);
  return bytes;
}

/** f32 values as a file has them, little-endian. */
export function tensorBytes(data: Float32Array): Uint8Array {
  const bytes = new Uint8Array(4 * data.length);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < data.length; i++) view.setFloat32(4 * i, data[i], true);
  return bytes;
}

function escaped(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
