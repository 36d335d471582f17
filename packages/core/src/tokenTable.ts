import { utf8ToBytes } from "@noble/hashes/utils.js";
import { sha256HexSync } from "./sha256.ts";

/**
 * The tokens of a tokenizer.json by id, as the tokenizers library numbers them: the model's own, then added tokens that it does not know,
 * behind its last, in the file's order. Throws where the file is not a tokenizer's.
 */
export function tokenTable(tokenizerJson: string): ReadonlyMap<number, string> {
  const file = record(parsed(tokenizerJson));
  const idOf = vocabularyOf(record(file?.model)?.vocab);
  if (idOf === null) throw new Error("tokenizer.json has no model.vocab: expected the file of a tokenizer");
  let next = idOf.size;
  for (const token of Array.isArray(file?.added_tokens) ? file.added_tokens : []) {
    const content = record(token)?.content;
    if (typeof content !== "string" || content === "") continue;
    const id = idOf.get(content);
    if (id === undefined) idOf.set(content, next);
    next = Math.max(next, (id ?? next) + 1);
  }
  return new Map([...idOf].map(([token, id]) => [id, token] as const).sort(([a], [b]) => a - b));
}

/** SHA-256 of a token table: two tokenizers with the same one give the same id to the same token, so logits can be added by index. */
export function tokenTableHash(tokenizerJson: string): string {
  const lines = [...tokenTable(tokenizerJson)].map((entry) => `${JSON.stringify(entry)}\n`);
  return sha256HexSync(utf8ToBytes(lines.join("")));
}

/** By token: an object of ids, or for unigram models a list of tokens with scores. */
function vocabularyOf(vocab: unknown): Map<string, number> | null {
  if (Array.isArray(vocab)) return new Map(vocab.map((entry: unknown, id) => [Array.isArray(entry) ? String(entry[0]) : "", id]));
  const found = record(vocab);
  return found === null ? null : new Map(Object.entries(found).map(([token, id]) => [token, Number(id)]));
}

function parsed(tokenizerJson: string): unknown {
  try {
    return JSON.parse(tokenizerJson);
  } catch (cause) {
    throw new Error("tokenizer.json is not JSON (cut off, or a pointer of Git LFS?)", { cause });
  }
}

function record(value: unknown): Readonly<Record<string, unknown>> | null {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Readonly<Record<string, unknown>>) : null;
}
