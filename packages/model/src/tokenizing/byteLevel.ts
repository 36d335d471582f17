/** The 256 visible characters that stand for bytes in byte-level vocabularies (GPT-2's table). */
const byteCharacters: readonly string[] = makeTable();

function makeTable(): string[] {
  const isVisible = (byte: number) => (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
  let numHidden = 0;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(isVisible(byte) ? byte : 256 + numHidden++));
}

const encoder = new TextEncoder();

/** A text's UTF-8 bytes, each as its character. */
export function toByteLevel(text: string): string {
  let result = "";
  for (const byte of encoder.encode(text)) result += byteCharacters[byte];
  return result;
}

/** The names of a text's UTF-8 bytes in vocabularies with byte fallback, such as `<0xC3>`. */
export function byteTokens(text: string): string[] {
  return Array.from(encoder.encode(text), (byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`);
}
