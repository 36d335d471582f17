import { tokenTable } from "./tokenTable.ts";

/** A backbone's vocabulary, as prompts of words need it. */
export interface WordTable {
  /** V, tokens that have an embedding. */
  readonly size: number;
  /** Of a token by itself, with the space before it where it begins a word; null for what nobody can read: special tokens, parts of characters. */
  textOf(id: number): string | null;
  /** Rows of the table of words, (ids.length, H). */
  rows(ids: readonly number[]): Float32Array;
}

/** How a tokenizer writes its tokens: bytes as characters, continued words with ##, or the start of a word as ▁. */
type Spelling = "bytes" | "continued" | "started";

/** The text of each token by its id, from the text of tokenizer.json; null where it is no text that people can read. */
export function tokenTexts(tokenizerJson: string): (string | null)[] {
  const file = JSON.parse(tokenizerJson) as {
    readonly decoder?: unknown;
    readonly model?: { readonly type?: unknown };
    readonly added_tokens?: unknown;
  };
  const special = new Set(specialTokens(file.added_tokens));
  const spelling = spellingOf(file);
  const texts: (string | null)[] = [];
  for (const [id, token] of tokenTable(tokenizerJson)) {
    while (texts.length < id) texts.push(null);
    texts.push(special.has(token) ? null : readable(spelt(token, spelling)));
  }
  return texts;
}

/** What people read of a prompt's tokens. */
export function promptText(texts: readonly string[]): string {
  return texts.join("").trim();
}

function specialTokens(added: unknown): string[] {
  const tokens: readonly { readonly content?: unknown; readonly special?: unknown }[] = Array.isArray(added) ? added : [];
  return tokens.flatMap(({ content, special }) => (special === true && typeof content === "string" ? [content] : []));
}

function spellingOf({ decoder, model }: { readonly decoder?: unknown; readonly model?: { readonly type?: unknown } }): Spelling {
  if (JSON.stringify(decoder ?? null).includes('"ByteLevel"')) return "bytes";
  return model?.type === "WordPiece" ? "continued" : "started";
}

function spelt(token: string, spelling: Spelling): string | null {
  if (spelling === "started") return token.replaceAll("▁", " ");
  if (spelling === "continued") return token.startsWith("##") ? token.slice(2) : ` ${token}`;
  const bytes = Array.from(token, (character) => byteOf.get(character));
  const escaped = bytes.map((byte) => (byte === undefined ? "%FF" : `%${byte.toString(16).padStart(2, "0")}`));
  try {
    return decodeURIComponent(escaped.join(""));
  } catch {
    return null; // a part of a character
  }
}

/** Control characters, line ends and what Unicode has not assigned cannot be read; spaces alone neither. */
function readable(text: string | null): string | null {
  return text === null || text.trim() === "" || /[\p{C}\p{Zl}\p{Zp}\uFFFD]/u.test(text) ? null : text;
}

/** The byte that each of the 256 characters of GPT-2's table stands for. */
const byteOf: ReadonlyMap<string, number> = new Map(byteCharacters().map((character, byte) => [character, byte]));

function byteCharacters(): string[] {
  const isVisible = (byte: number) => (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
  let numHidden = 0;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(isVisible(byte) ? byte : 256 + numHidden++));
}
