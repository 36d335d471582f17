const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A journal value: a JSON part, then raw bytes. Layout: u32 little-endian length of the JSON, the JSON, the bytes. */
export function packRecord(json: unknown, bytes: Uint8Array = new Uint8Array(0)): Uint8Array {
  const head = encoder.encode(JSON.stringify(json));
  const record = new Uint8Array(4 + head.length + bytes.length);
  new DataView(record.buffer).setUint32(0, head.length, true);
  record.set(head, 4);
  record.set(bytes, 4 + head.length);
  return record;
}

/** The parts of a journal value; `bytes` is a view on `record`. */
export function unpackRecord(record: Uint8Array): { json: unknown; bytes: Uint8Array } {
  const length = new DataView(record.buffer, record.byteOffset, record.byteLength).getUint32(0, true);
  return { json: JSON.parse(decoder.decode(record.subarray(4, 4 + length))), bytes: record.subarray(4 + length) };
}

/** The memory of a float array as bytes, without a copy. */
export function bytesOf(data: Float32Array): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/** Floats from bytes of any alignment, copied. */
export function floatsOf(bytes: Uint8Array): Float32Array {
  return new Float32Array(bytes.slice().buffer);
}
