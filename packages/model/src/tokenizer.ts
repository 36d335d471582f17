import { Tokenizer } from "@huggingface/tokenizers";
import { z } from "zod";
import type { SpecialTokens } from "./tokenizing/specialTokens.ts";
import { type FoundToken, readTokenizerFile, type TokenizerFile } from "./tokenizing/tokenizerFile.ts";

/** Turns text into token ids and back, as the backbone's tokenizer.json says and the reference implementation does. */
export interface TextTokenizer {
  /** Ids of a text without the special tokens around it. Special tokens written out in the text, such as `<mask>`, are left out. */
  encode(text: string): number[];
  /** Every token of a text without those around it, and which of them are special tokens that stand written out in it. */
  tokensOf(text: string): FoundToken[];
  /** As `encode`, but special tokens written out in the text become what they name: for templates, never for people's text. */
  encodeTemplate(text: string): number[];
  decode(ids: readonly number[]): string;
  /** The token as it stands in the vocabulary, such as `Ġgreat`. */
  tokenOf(id: number): string;
  /** Special tokens before a text, between two and after the last. */
  readonly specials: SpecialTokens;
  /** The same around a pair of texts. */
  readonly pairSpecials: SpecialTokens;
  /** Null for causal backbones, which have no mask. */
  readonly mask: { readonly id: number; readonly token: string } | null;
  /** The token that ends a text, of which the checkpoint's tokenizer_config says `eos_token`; null where it says none. */
  readonly endId: number | null;
  /** What the model itself makes of what it does not know; null where it has no such token. */
  readonly unknownId: number | null;
  /** The token that a text without any is read as, so that no text is empty. */
  readonly fillerId: number;
}

const tokenSchema = z.union([z.string(), z.looseObject({ content: z.string() }).transform(({ content }) => content)]);
const configSchema = z.looseObject({ mask_token: tokenSchema.nullish(), eos_token: tokenSchema.nullish() });
const decodingParts = z.looseObject({ decoder: z.unknown().transform((found) => found ?? null) });
const noEncoding = { normalizer: null, pre_tokenizer: null, post_processor: null };

/** Makes a tokenizer from the texts of tokenizer.json and tokenizer_config.json; throws a sentence about what is not supported. */
export function createTokenizer(tokenizerJson: string, tokenizerConfig: string | null): TextTokenizer {
  const config = readConfig(tokenizerConfig ?? "{}");
  const file = readTokenizerFile(tokenizerJson);
  const encode = (text: string) => file.tokensOf(text).flatMap(({ id, isWritten }) => (isWritten ? [] : [id]));
  return {
    encode,
    tokensOf: file.tokensOf,
    encodeTemplate: (text) => file.tokensOf(text).map(({ id }) => id),
    decode: decoder(tokenizerJson, file, config),
    tokenOf: (id) => file.tokenOf(id) ?? `[${id}]`,
    specials: file.specials.single,
    pairSpecials: file.specials.pair,
    mask: maskOf(file, config.mask_token ?? null),
    endId: config.eos_token == null ? null : (file.idOf(config.eos_token) ?? null),
    unknownId: file.unknownId ?? null,
    fillerId: encode(".")[0] ?? file.unknownId ?? file.added[0]?.id ?? 0,
  };
}

function readConfig(text: string): z.infer<typeof configSchema> {
  const result = configSchema.safeParse(parseConfig(text));
  if (result.success) return result.data;
  throw new Error(`tokenizer_config.json: ${z.prettifyError(result.error)}`, { cause: result.error });
}

function parseConfig(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Error("tokenizer_config.json is not JSON (cut off, or a pointer of Git LFS?)", { cause });
  }
}

/** Made when it is first asked for, as only generation reads tokens back. */
function decoder(tokenizerJson: string, { added }: TokenizerFile, config: Record<string, unknown>): TextTokenizer["decode"] {
  let tokenizer: Tokenizer | null = null;
  return (ids) => {
    if (ids.length === 0) return "";
    try {
      tokenizer ??= new Tokenizer({ ...decodingParts.parse(JSON.parse(tokenizerJson)), ...noEncoding, added_tokens: added }, config);
      return tokenizer.decode([...ids]);
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new Error(`tokenizer.json: its model or decoder cannot turn tokens into text (${why})`, { cause });
    }
  };
}

function maskOf({ added, idOf }: TokenizerFile, configured: string | null): TextTokenizer["mask"] {
  const token = configured ?? ["<mask>", "[MASK]"].find((name) => added.some(({ content }) => content === name));
  const id = token === undefined ? undefined : idOf(token);
  return token === undefined || id === undefined ? null : { id, token };
}
