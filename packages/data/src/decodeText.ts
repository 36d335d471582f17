import { defaultRowLimits, type RowLimits, requireLength } from "./rows.ts";

/**
 * The text of a file: UTF-8, or UTF-16 where a byte order mark says so. Other bytes are refused, never replaced. A text
 * that is too long is refused before it is decoded. `encoding` is given where the format says it.
 */
export function decodeText(
  bytes: Uint8Array,
  source: string,
  limits: RowLimits = defaultRowLimits,
  encoding: TextEncoding = encodingOf(bytes),
): string {
  if (bytes.length > limits.maxCharacters)
    requireLength(encoding === "utf-8" ? numUtf8Characters(bytes) : bytes.length >> 1, source, limits);
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    const isUtf8 = encoding === "utf-8";
    const found = isUtf8 ? "is not UTF-8 text" : "begins like UTF-16 text but is not (it may be cut off)";
    throw new Error(`${source} ${found}: save it as UTF-8`);
  }
}

/** What people have under a text file's name, by its first bytes. */
const packed: readonly { readonly magic: readonly number[]; readonly says: string }[] = [
  { magic: [0x1f, 0x8b], says: "is compressed with gzip: unpack it first" },
  { magic: [0x50, 0x4b, 3, 4], says: "is a ZIP archive or a spreadsheet: unpack it, or save the sheet as CSV UTF-8" },
  { magic: [0xd0, 0xcf, 0x11, 0xe0], says: "is an old Excel file: save the sheet as CSV UTF-8" },
];

/** Refuses what no encoding makes a text of. */
export function refusePacked(bytes: Uint8Array, source: string): void {
  const found = packed.find(({ magic }) => magic.every((byte, i) => bytes[i] === byte));
  if (found !== undefined) throw new Error(`${source} ${found.says}`);
}

type TextEncoding = "utf-8" | "utf-16le" | "utf-16be";

/** What the first bytes of a text file say about its encoding. */
export function encodingOf(bytes: Uint8Array): TextEncoding {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return "utf-16le";
  return first === 0xfe && second === 0xff ? "utf-16be" : "utf-8";
}

/** UTF-16 units that UTF-8 bytes, or a piece of them, become. */
export function numUtf8Characters(bytes: Uint8Array): number {
  let count = 0;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] ?? 0;
    if ((byte & 0xc0) !== 0x80) count += byte >= 0xf0 ? 2 : 1; // continuation bytes add nothing, four bytes make a surrogate pair
  }
  return count;
}
