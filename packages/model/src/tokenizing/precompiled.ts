import { z } from "zod";
import { readPart, type TokenizerPart } from "./parts.ts";
import type { Normalize } from "./pieces.ts";

/** A double array (Darts) whose leaves are places in a text of replacements, each of which ends with a zero byte. */
interface CharacterMap {
  readonly units: Uint32Array;
  readonly replacements: Uint8Array;
}

const schema = z.looseObject({ precompiled_charsmap: z.string().min(1) });
const encoder = new TextEncoder();

/** A grapheme of up to this many bytes is looked up whole, as the reference does. */
const maxGraphemeBytes = 5;

/** SentencePiece's normalization: graphemes, or else their characters, are replaced as a compiled table says. */
export function createPrecompiled(part: TokenizerPart): Normalize {
  const map = readMap(readPart(part, schema).precompiled_charsmap);
  const graphemes = new Intl.Segmenter("und", { granularity: "grapheme" });
  const known = new Map<string, string | null>();
  const find = (text: string): string | null => {
    const before = known.get(text);
    if (before !== undefined) return before;
    const found = findReplacement(map, encoder.encode(text));
    known.set(text, found);
    return found;
  };
  const replaced = (grapheme: string): string => {
    const whole = encoder.encode(grapheme).length <= maxGraphemeBytes ? find(grapheme) : null;
    if (whole !== null) return whole;
    return Array.from(grapheme, (character) => find(character) ?? character).join("");
  };
  return ({ text, isAtStart }) => ({
    text: Array.from(graphemes.segment(text), ({ segment }) => replaced(segment)).join(""),
    isAtStart, // also where the first character is dropped: the reference does not move the start here
  });
}

/** The bytes are the array's size in bytes, the array, and the replacements. */
function readMap(base64: string): CharacterMap {
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  const size = bytes.length < 4 ? Number.POSITIVE_INFINITY : view.getUint32(0, true);
  if (size % 4 !== 0 || 4 + size > bytes.length) throw new Error("tokenizer.json: Precompiled: precompiled_charsmap is cut off");
  return {
    units: Uint32Array.from({ length: size / 4 }, (_, i) => view.getUint32(4 + 4 * i, true)),
    replacements: bytes.subarray(4 + size),
  };
}

/** The replacement of the shortest beginning of a key that has one. */
function findReplacement({ units, replacements }: CharacterMap, key: Uint8Array): string | null {
  let position = offsetOf(units[0]);
  for (const byte of key) {
    if (byte === 0) return null;
    position ^= byte;
    const unit = units[position];
    if (unit === undefined || labelOf(unit) !== byte) return null;
    position ^= offsetOf(unit);
    if (((unit >>> 8) & 1) === 1) {
      const start = (units[position] ?? 0) & 0x7fffffff;
      const end = replacements.indexOf(0, start);
      return new TextDecoder("utf-8", { ignoreBOM: true }).decode(replacements.subarray(start, end === -1 ? undefined : end));
    }
  }
  return null;
}

/** A leaf's unit has its top bit set, so that it is not a label. */
function labelOf(unit: number): number {
  return (unit & 0x800000ff) >>> 0;
}

function offsetOf(unit: number): number {
  return (unit >>> 10) << ((unit & 0x200) >>> 6);
}
