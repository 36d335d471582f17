import { decodeTensor, type Encoding, encodedSize, encodeTensor, type Params, sizeOf, sortedNames, type Tensor } from "@tutti/core";
import { limits } from "./limits.ts";
import type { Rule } from "./rules.ts";

/** What one decoded message may hold at most. */
export interface CodecLimits {
  readonly maxTensors: number;
  /** Of all tensors together. */
  readonly maxFloats: number;
}

/** Where one tensor lies in an encoded message. */
export interface TensorEntry {
  readonly name: string;
  readonly shape: readonly number[];
  readonly encoding: Encoding;
  /** Of its data, from the start of the message. */
  readonly offset: number;
  readonly numBytes: number;
}

/** Bytes that are not a well-formed message of tensors, the only error the decoder throws; `rule` is the one that was broken. */
export class CodecError extends Error {
  override readonly name = "CodecError";
  readonly rule: Rule;

  constructor(rule: Rule, message: string, options?: ErrorOptions) {
    super(message, options);
    this.rule = rule;
  }
}

const magic = 0x4d525054; // "TPRM" in little-endian order
const layoutVersion = 1;
const headerSize = 12;
const encodings: readonly Encoding[] = ["f32", "f16", "int8"];
const namePattern = /^[A-Za-z0-9][A-Za-z0-9/._:-]*$/;
const defaultLimits: CodecLimits = { maxTensors: limits.maxTensors, maxFloats: limits.maxTensorFloats };

/**
 * Tensors as bytes in the layout of SPEC.md P-50, in name order, each in the same encoding. The same tensors always give the same bytes.
 * Throws a `CodecError` where a value is not finite, or too large for f16, or a name or shape is not allowed.
 */
export function encodeParams(params: Params, encoding: Encoding): Uint8Array<ArrayBuffer> {
  const tensors = sortedNames(params).map((name) => ({ name, tensor: requireTensor(params, name) }));
  const shapes = Object.fromEntries(tensors.map(({ name, tensor }) => [name, tensor.shape]));
  const bytes = new Uint8Array(encodedParamsSize(shapes, encoding));
  const view = new DataView(bytes.buffer);
  view.setUint32(0, magic, true);
  view.setUint16(4, layoutVersion, true);
  view.setUint32(8, tensors.length, true);
  let at = headerSize;
  for (const { name, tensor } of tensors) at = writeEntry(bytes, at, name, tensor.shape, encoding);
  for (const { name, tensor } of tensors) {
    bytes.set(encodeChecked(tensor, encoding, name), at);
    at += padded(encodedSize(tensor.shape, encoding));
  }
  return bytes;
}

/** Bytes that tensors of these shapes take when encoded, with names and shapes; what a message's size limit is set from. */
export function encodedParamsSize(shapes: Readonly<Record<string, readonly number[]>>, encoding: Encoding): number {
  return Object.entries(shapes).reduce(
    (sum, [name, shape]) => sum + padded(4 + 4 * shape.length + name.length) + padded(encodedSize(shape, encoding)),
    headerSize,
  );
}

/** The tensors of an encoded message, copied out of it; it may start at any address. Throws a `CodecError` and nothing else (P-50, P-53, P-55). */
export function decodeParams(bytes: Uint8Array | ArrayBuffer, maximum: CodecLimits = defaultLimits): Params {
  const whole = viewOf(bytes);
  const params: Record<string, Tensor> = {};
  for (const entry of readTensorEntries(whole, maximum)) {
    const tensor = decodeTensor(whole.subarray(entry.offset, entry.offset + entry.numBytes), entry.shape, entry.encoding, entry.name);
    requireFinite(tensor, entry.name);
    params[entry.name] = tensor;
  }
  return params;
}

/** Names, shapes and encodings of an encoded message, in name order, without decoding a value. Throws a `CodecError` and nothing else. */
export function readTensorEntries(bytes: Uint8Array | ArrayBuffer, maximum: CodecLimits = defaultLimits): readonly TensorEntry[] {
  const whole = viewOf(bytes);
  const view = new DataView(whole.buffer, whole.byteOffset, whole.byteLength);
  if (view.byteLength < headerSize) throw malformed(`tensors: the header needs ${headerSize} bytes, received ${view.byteLength}`);
  if (view.getUint32(0, true) !== magic) throw malformed("tensors: the first bytes are not TPRM");
  const version = view.getUint16(4, true);
  if (version !== layoutVersion) throw malformed(`tensors: layout ${version} is not known, expected ${layoutVersion}`);
  if (view.getUint16(6, true) !== 0) throw malformed("tensors: bytes 6 and 7 must be 0");
  const numTensors = view.getUint32(8, true);
  if (numTensors > maximum.maxTensors)
    throw new CodecError("P-55", `tensors: ${numTensors} of them, at most ${maximum.maxTensors} are allowed`);
  return placeEntries(view, readDescriptions(view, numTensors, maximum));
}

type Description = Omit<TensorEntry, "offset" | "numBytes">;

function readDescriptions(view: DataView, numTensors: number, maximum: CodecLimits): { descriptions: Description[]; end: number } {
  const descriptions: Description[] = [];
  let end = headerSize;
  let numFloats = 0;
  for (let i = 0; i < numTensors; i++) {
    const next = readDescription(view, end, i);
    const previous = descriptions.at(-1)?.name;
    if (previous !== undefined && previous >= next.description.name) {
      throw malformed(`tensor ${next.description.name}: comes after ${previous}; names must be in ascending order, each once`);
    }
    numFloats += sizeOf(next.description.shape);
    if (numFloats > maximum.maxFloats) {
      throw new CodecError("P-55", `tensor ${next.description.name}: ${numFloats} floats so far, at most ${maximum.maxFloats} are allowed`);
    }
    descriptions.push(next.description);
    end = next.end;
  }
  return { descriptions, end };
}

function readDescription(view: DataView, start: number, index: number): { description: Description; end: number } {
  requireBytes(view, start + 4, `tensor number ${index}`);
  const encoding = encodings[view.getUint8(start)];
  if (encoding === undefined) throw malformed(`tensor number ${index}: encoding ${view.getUint8(start)} is not known`);
  const rank = view.getUint8(start + 1);
  const nameLength = view.getUint16(start + 2, true);
  if (rank > limits.maxTensorRank) throw malformed(`tensor number ${index}: rank ${rank}, at most ${limits.maxTensorRank} is allowed`);
  if (nameLength > limits.maxName)
    throw malformed(`tensor number ${index}: a name of ${nameLength} bytes, at most ${limits.maxName} are allowed`);
  const nameStart = start + 4 + 4 * rank;
  const end = start + padded(4 + 4 * rank + nameLength);
  requireBytes(view, end, `tensor number ${index}`);
  const name = String.fromCharCode(...new Uint8Array(view.buffer, view.byteOffset + nameStart, nameLength));
  requireName(name);
  requireZeros(view, nameStart + nameLength, end, name);
  const shape = Array.from({ length: rank }, (_, axis) => view.getUint32(start + 4 + 4 * axis, true));
  requireShape(name, shape);
  return { description: { name, shape, encoding }, end };
}

function placeEntries(view: DataView, { descriptions, end }: { descriptions: readonly Description[]; end: number }): TensorEntry[] {
  let at = end;
  const entries = descriptions.map((description) => {
    const numBytes = encodedSize(description.shape, description.encoding);
    const entry = { ...description, offset: at, numBytes };
    at += padded(numBytes);
    if (at > view.byteLength) throw malformed(missingData(entry, view.byteLength));
    requireZeros(view, entry.offset + numBytes, at, description.name);
    return entry;
  });
  if (at !== view.byteLength) throw malformed(`tensors: ${view.byteLength - at} bytes follow the last tensor`);
  return entries;
}

function missingData({ name, shape, encoding, offset, numBytes }: TensorEntry, byteLength: number): string {
  const received = Math.min(numBytes, Math.max(0, byteLength - offset));
  if (encoding !== "f32") return `tensor ${name}: shape [${shape.join(",")}] in ${encoding} needs ${numBytes} bytes, received ${received}`;
  return `tensor ${name}: shape [${shape.join(",")}] needs ${numBytes / 4} floats, received ${Math.floor(received / 4)}`;
}

function writeEntry(bytes: Uint8Array<ArrayBuffer>, start: number, name: string, shape: readonly number[], encoding: Encoding): number {
  const view = new DataView(bytes.buffer);
  view.setUint8(start, encodings.indexOf(encoding));
  view.setUint8(start + 1, shape.length);
  view.setUint16(start + 2, name.length, true);
  shape.forEach((size, axis) => {
    view.setUint32(start + 4 + 4 * axis, size, true);
  });
  for (let i = 0; i < name.length; i++) view.setUint8(start + 4 + 4 * shape.length + i, name.charCodeAt(i));
  return start + padded(4 + 4 * shape.length + name.length);
}

function requireTensor(params: Params, name: string): Tensor {
  const tensor = params[name];
  if (tensor === undefined) throw malformed(`tensor ${name}: is undefined`);
  requireName(name);
  requireShape(name, tensor.shape);
  const numFloats = sizeOf(tensor.shape);
  if (numFloats !== tensor.data.length) {
    throw malformed(`tensor ${name}: shape [${tensor.shape.join(",")}] needs ${numFloats} floats, received ${tensor.data.length}`);
  }
  return tensor;
}

function encodeChecked(tensor: Tensor, encoding: Encoding, name: string): Uint8Array {
  try {
    return encodeTensor(tensor, encoding, name);
  } catch (cause) {
    throw new CodecError("P-53", cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

function requireFinite({ data }: Tensor, name: string): void {
  for (let at = 0; at < data.length; at++) {
    if (!Number.isFinite(data[at])) throw new CodecError("P-53", `tensor ${name}: value ${data[at]} at ${at} is not finite`);
  }
}

function requireName(name: string): void {
  if (name.length > limits.maxName || !namePattern.test(name)) throw malformed(`tensor ${JSON.stringify(name)}: is not an allowed name`);
}

function requireShape(name: string, shape: readonly number[]): void {
  const isAllowed =
    shape.length <= limits.maxTensorRank && shape.every((size) => Number.isInteger(size) && size >= 1 && size <= limits.maxTensorFloats);
  if (!isAllowed) throw malformed(`tensor ${name}: shape [${shape.join(",")}] is not allowed`);
}

function requireBytes(view: DataView, end: number, what: string): void {
  if (end > view.byteLength) throw malformed(`${what}: its description ends at byte ${end}, received ${view.byteLength} bytes`);
}

function requireZeros(view: DataView, from: number, to: number, name: string): void {
  for (let at = from; at < to; at++) if (view.getUint8(at) !== 0) throw malformed(`tensor ${name}: padding at byte ${at} is not 0`);
}

function padded(numBytes: number): number {
  return Math.ceil(numBytes / 4) * 4;
}

function malformed(message: string): CodecError {
  return new CodecError("P-50", message);
}

function viewOf(bytes: Uint8Array | ArrayBuffer): Uint8Array {
  return bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes);
}
