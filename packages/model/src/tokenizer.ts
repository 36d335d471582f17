import { Tokenizer } from "@huggingface/tokenizers";
import { z } from "zod";

/** Turns text into token ids and back, as the backbone's tokenizer.json says. */
export interface TextTokenizer {
  /** Ids of a text without the special tokens around it. Special tokens written out in the text, such as `<mask>`, are left out. */
  encode(text: string): number[];
  /** As `encode`, but special tokens written out in the text become what they name: for templates, never for people's text. */
  encodeTemplate(text: string): number[];
  decode(ids: readonly number[]): string;
  /** The token as it stands in the vocabulary, such as `Ġgreat`. */
  tokenOf(id: number): string;
  /** Special tokens before a text, between two and after the last. */
  readonly specials: { readonly before: readonly number[]; readonly between: readonly number[]; readonly after: readonly number[] };
  /** Null for causal backbones, which have no mask. */
  readonly mask: { readonly id: number; readonly token: string } | null;
}

const tokenSchema = z.union([z.string(), z.looseObject({ content: z.string() }).transform(({ content }) => content)]);
const configSchema = z.looseObject({ mask_token: tokenSchema.nullish() });
const objectSchema = z.looseObject({});

/** Makes a tokenizer from the texts of tokenizer.json and tokenizer_config.json. */
export function createTokenizer(tokenizerJson: string, tokenizerConfig: string | null): TextTokenizer {
  const config = objectSchema.parse(JSON.parse(tokenizerConfig ?? "{}"));
  const tokenizer = new Tokenizer(objectSchema.parse(JSON.parse(tokenizerJson)), config);
  const special = new Set([...tokenizer.get_added_tokens_decoder()].filter(([, token]) => token.special).map(([id]) => id));
  const encodeTemplate = (text: string) => (text === "" ? [] : tokenizer.encode(text, { add_special_tokens: false }).ids);
  return {
    encode: (text) => encodeTemplate(text).filter((id) => !special.has(id)),
    encodeTemplate,
    decode: (ids) => (ids.length === 0 ? "" : tokenizer.decode([...ids])),
    tokenOf: (id) => tokenizer.id_to_token(id) ?? `[${id}]`,
    specials: specialsOf(tokenizer),
    mask: maskOf(tokenizer, configSchema.parse(config).mask_token ?? null),
  };
}

/** Special tokens are what the tokenizer puts around a sample word, and between two. */
function specialsOf(tokenizer: Tokenizer): TextTokenizer["specials"] {
  const sample = "a";
  const inner = tokenizer.encode(sample, { add_special_tokens: false }).ids;
  const single = tokenizer.encode(sample).ids;
  const pair = tokenizer.encode(sample, { text_pair: sample }).ids;
  const start = single.findIndex((_, i) => inner.every((id, j) => single[i + j] === id));
  if (start === -1) throw new Error("tokenizer.json: special tokens change the text between them, which is not supported");
  const before = single.slice(0, start);
  const after = single.slice(start + inner.length);
  const between = pair.slice(start + inner.length, pair.length - after.length - inner.length);
  return { before, between, after };
}

function maskOf(tokenizer: Tokenizer, configured: string | null): TextTokenizer["mask"] {
  const added = [...tokenizer.get_added_tokens_decoder().values()].map(({ content }) => content);
  const token = configured ?? ["<mask>", "[MASK]"].find((name) => added.includes(name));
  const id = token === undefined ? undefined : tokenizer.token_to_id(token);
  return token === undefined || id === undefined ? null : { id, token };
}
