/** What keeps a file from being read at all, before any row is looked at. */
export type FileFault = "empty" | "tooLarge" | "spreadsheet" | "packed" | "binary" | "notUtf8" | "otherKind";

/** The largest file that is read, in bytes: above this a page would stand still while it parses. */
export const maxFileBytes = 5_000_000;

const readable = /\.(?:csv|tsv|jsonl|ndjson)$/i;
const magics: readonly { readonly magic: readonly number[]; readonly fault: FileFault }[] = [
  { magic: [0x50, 0x4b, 3, 4], fault: "spreadsheet" },
  { magic: [0xd0, 0xcf, 0x11, 0xe0], fault: "spreadsheet" },
  { magic: [0x1f, 0x8b], fault: "packed" },
];

/** Why a file of this name and size is not even opened; null where it is. */
export function faultBeforeReading(name: string, numBytes: number): FileFault | null {
  if (numBytes === 0) return "empty";
  if (numBytes > maxFileBytes) return "tooLarge";
  if (/\.(?:xlsx?|ods|numbers)$/i.test(name)) return "spreadsheet";
  return readable.test(name) ? null : "otherKind";
}

/** Why these bytes are no text; null where they are. */
export function faultOfBytes(bytes: Uint8Array): FileFault | null {
  const packed = magics.find(({ magic }) => magic.every((byte, i) => bytes[i] === byte));
  if (packed !== undefined) return packed.fault;
  const isUtf16 = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
  if (isUtf16) return null; // the reader knows both
  if (bytes.includes(0)) return "binary";
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes).trim() === "" ? "empty" : null;
  } catch {
    return "notUtf8";
  }
}
