import { fromF16, type Params, type Tensor } from "@tutti/core";
import { z } from "zod";

export { safetensorsHeader, tensorBytes, writeSafetensors } from "@tutti/core";

/** One tensor's entry in a safetensors header; offsets count from the end of the header. */
export interface SafetensorsEntry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly offsets: readonly [number, number];
}

/** A checked header: every tensor lies inside the data, has the size its shape needs and overlaps no other. */
interface SafetensorsHeader {
  readonly tensors: ReadonlyMap<string, SafetensorsEntry>;
  readonly metadata: Readonly<Record<string, string>>;
  /** Byte at which the data begins. */
  readonly dataStart: number;
}

const maxHeaderBytes = 100e6;

const elementBytes: Readonly<Record<string, number>> = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U64: 8,
  U32: 4,
  U16: 2,
  U8: 1,
  BOOL: 1,
  F8_E4M3: 1,
  F8_E5M2: 1,
};

const offset = z.number().int().min(0);
const entrySchema = z.object({ dtype: z.string(), shape: z.array(offset), data_offsets: z.tuple([offset, offset]) });
const metadataSchema = z.record(z.string(), z.string());

/** The header's length from a file's first 8 bytes. */
export function headerLength(start: Uint8Array, fileBytes: number): number {
  if (start.length < 8) throw new Error(`safetensors: the file has ${start.length} bytes, its length field alone needs 8`);
  const length = Number(new DataView(start.buffer, start.byteOffset, 8).getBigUint64(0, true));
  if (length > maxHeaderBytes || length < 2)
    throw new Error(`safetensors: header length ${length} is impossible (not a safetensors file?)`);
  if (8 + length > fileBytes) throw new Error(`safetensors: the header needs ${8 + length} bytes, the file has ${fileBytes} (truncated?)`);
  return length;
}

/** Parses and checks a header's JSON, `fileBytes` being the size of the whole file. */
export function parseHeader(json: Uint8Array, fileBytes: number): SafetensorsHeader {
  const dataStart = 8 + json.length;
  const raw = z.record(z.string(), z.unknown()).parse(readJson(json));
  const tensors = new Map<string, SafetensorsEntry>();
  for (const [name, value] of Object.entries(raw)) {
    if (name === "__metadata__") continue;
    const found = entrySchema.safeParse(value);
    if (!found.success) throw new Error(`safetensors: tensor ${name}: ${z.prettifyError(found.error)}`);
    tensors.set(name, checkEntry(name, found.data, fileBytes - dataStart));
  }
  refuseOverlaps(tensors);
  return { tensors, metadata: metadataSchema.catch({}).parse(raw.__metadata__ ?? {}), dataStart };
}

/** Parses the header of a file that is in memory. */
export function readHeader(file: Uint8Array): SafetensorsHeader {
  const length = headerLength(file.subarray(0, 8), file.length);
  return parseHeader(file.subarray(8, 8 + length), file.length);
}

/** Bytes of one element, or an error for types that hold no floats we read. */
export function floatBytes(name: string, dtype: string): number {
  if (dtype !== "F32" && dtype !== "F16" && dtype !== "BF16") {
    throw new Error(`safetensors: tensor ${name} has type ${dtype}; F32, F16 and BF16 are read`);
  }
  return dtype === "F32" ? 4 : 2;
}

/** Converts raw little-endian elements to f32; anything that is not finite is an error, which counts elements from `firstElement`. */
export function decodeFloats(name: string, dtype: string, bytes: Uint8Array, firstElement = 0): Float32Array {
  const width = floatBytes(name, dtype);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const result = new Float32Array(bytes.length / width);
  const bits = new Uint32Array(result.buffer);
  for (let i = 0; i < result.length; i++) {
    if (dtype === "F32") result[i] = view.getFloat32(4 * i, true);
    else if (dtype === "F16") result[i] = fromF16(view.getUint16(2 * i, true));
    else bits[i] = view.getUint16(2 * i, true) << 16;
    if (!Number.isFinite(result[i])) throw new Error(`safetensors: tensor ${name} holds ${result[i]} at element ${firstElement + i}`);
  }
  return result;
}

/** Reads every tensor of a file in memory, and its metadata. */
export function readSafetensors(file: Uint8Array): { params: Params; metadata: Readonly<Record<string, string>> } {
  const header = readHeader(file);
  const params: Record<string, Tensor> = {};
  for (const [name, { dtype, shape, offsets }] of header.tensors) {
    const bytes = file.subarray(header.dataStart + offsets[0], header.dataStart + offsets[1]);
    params[name] = { shape, data: decodeFloats(name, dtype, bytes) };
  }
  return { params, metadata: header.metadata };
}

function readJson(json: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(json));
  } catch (cause) {
    throw new Error("safetensors: the header is not JSON (not a safetensors file?)", { cause });
  }
}

function checkEntry(name: string, entry: z.infer<typeof entrySchema>, dataBytes: number): SafetensorsEntry {
  const { dtype, shape, data_offsets: offsets } = entry;
  const [start, end] = offsets;
  const each = Object.hasOwn(elementBytes, dtype) ? elementBytes[dtype] : undefined;
  if (each === undefined) throw new Error(`safetensors: tensor ${name} has the unknown type ${dtype}`);
  const needed = shape.reduce((product, length) => product * length, each);
  if (end - start !== needed) {
    throw new Error(
      `safetensors: tensor ${name} of shape [${shape}] and type ${dtype} needs ${needed} bytes, its offsets span ${end - start}`,
    );
  }
  if (end > dataBytes) throw new Error(`safetensors: tensor ${name} ends at byte ${end} of ${dataBytes} (truncated file?)`);
  return { dtype, shape, offsets };
}

function refuseOverlaps(tensors: ReadonlyMap<string, SafetensorsEntry>): void {
  const filled = [...tensors].filter(([, { offsets }]) => offsets[1] > offsets[0]);
  const sorted = filled.sort(([, a], [, b]) => a.offsets[0] - b.offsets[0]);
  for (let i = 1; i < sorted.length; i++) {
    const [name, { offsets }] = sorted[i];
    const [before, previous] = sorted[i - 1];
    if (offsets[0] < previous.offsets[1]) throw new Error(`safetensors: tensors ${before} and ${name} overlap`);
  }
}
