import { sha256Hex } from "@tutti/core";
import type { KeptPosition } from "./keptDifference.ts";

/** The large model's difference over the public texts. */
export interface KeptTexts {
  /** For each text, its answer's tokens in order. */
  readonly texts: readonly (readonly KeptPosition[])[];
  /** Mean over all positions. */
  readonly topKError: number;
}

/** "TKD1", little-endian. */
const magic = 0x31444b54;
const headerBytes = 48;

/**
 * Magic, number of texts, error (f64), SHA-256 of what follows; then for each text its number of positions, and for each of those its number of
 * tokens, the value of all others (f32), tokens (i32) and values (f32). All numbers are little-endian.
 */
export async function writeKept({ texts, topKError }: KeptTexts): Promise<Uint8Array<ArrayBuffer>> {
  const numWords = texts.flat().reduce((sum, { tokens }) => sum + 2 + 2 * tokens.length, texts.length);
  const bytes = new Uint8Array(headerBytes + 4 * numWords);
  const view = new DataView(bytes.buffer);
  let at = headerBytes;
  const put = (method: "setInt32" | "setFloat32", value: number) => {
    view[method](at, value, true);
    at += 4;
  };
  for (const positions of texts) {
    put("setInt32", positions.length);
    for (const { tokens, values, rest } of positions) {
      put("setInt32", tokens.length);
      put("setFloat32", rest);
      for (const token of tokens) put("setInt32", token);
      for (const value of values) put("setFloat32", value);
    }
  }
  view.setUint32(0, magic, true);
  view.setUint32(4, texts.length, true);
  view.setFloat64(8, topKError, true);
  bytes.set(fromHex(await sha256Hex(bytes.subarray(headerBytes))), 16);
  return bytes;
}

/** Null for bytes that are damaged, cut off or of another kind. */
export async function readKept(bytes: Uint8Array<ArrayBuffer>): Promise<KeptTexts | null> {
  if (bytes.length < headerBytes) return null;
  const whole = bytes.slice();
  const view = new DataView(whole.buffer);
  const body = whole.subarray(headerBytes);
  const isWhole = view.getUint32(0, true) === magic && (await sha256Hex(body)) === toHex(whole.subarray(16, headerBytes));
  if (!isWhole) return null;
  let at = headerBytes;
  const count = () => {
    at += 4;
    return view.getInt32(at - 4, true);
  };
  const position = (): KeptPosition => {
    const length = count();
    const rest = view.getFloat32(at, true);
    const tokens = new Int32Array(whole.buffer, at + 4, length);
    const values = new Float32Array(whole.buffer, at + 4 + 4 * length, length);
    at += 4 + 8 * length;
    return { tokens, values, rest };
  };
  const texts = Array.from({ length: view.getUint32(4, true) }, () => Array.from({ length: count() }, position));
  return { texts, topKError: view.getFloat64(8, true) };
}

function fromHex(text: string): Uint8Array {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
