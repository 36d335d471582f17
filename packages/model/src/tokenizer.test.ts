import { expect, test } from "vitest";
import { createTokenizer } from "./tokenizer.ts";

const added = (...tokens: [number, string][]) =>
  tokens.map(([id, content]) => ({
    id,
    content,
    special: true,
    single_word: false,
    lstrip: content === "<mask>",
    rstrip: false,
    normalized: false,
  }));
const vocabOf = (tokens: readonly string[]) => Object.fromEntries(tokens.map((token, id) => [token, id]));
const make = (json: Record<string, unknown>, config: Record<string, unknown> = {}) =>
  createTokenizer(JSON.stringify({ version: "1.0", truncation: null, padding: null, ...json }), JSON.stringify(config));

const byteLevel = { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true };
const bpe = (vocab: readonly string[], merges: readonly string[]) => ({
  type: "BPE",
  dropout: null,
  unk_token: null,
  continuing_subword_prefix: "",
  end_of_word_suffix: "",
  fuse_unk: false,
  byte_fallback: false,
  vocab: vocabOf(vocab),
  merges,
});

test("bert: lower case, word pieces, [CLS] and [SEP] around and between, and its mask", () => {
  const tokenizer = make(
    {
      added_tokens: added([0, "[PAD]"], [1, "[UNK]"], [2, "[CLS]"], [3, "[SEP]"], [4, "[MASK]"]),
      normalizer: { type: "BertNormalizer", clean_text: true, handle_chinese_chars: true, strip_accents: null, lowercase: true },
      pre_tokenizer: { type: "BertPreTokenizer" },
      post_processor: {
        type: "TemplateProcessing",
        single: [
          { SpecialToken: { id: "[CLS]", type_id: 0 } },
          { Sequence: { id: "A", type_id: 0 } },
          { SpecialToken: { id: "[SEP]", type_id: 0 } },
        ],
        pair: [
          { SpecialToken: { id: "[CLS]", type_id: 0 } },
          { Sequence: { id: "A", type_id: 0 } },
          { SpecialToken: { id: "[SEP]", type_id: 0 } },
          { Sequence: { id: "B", type_id: 1 } },
          { SpecialToken: { id: "[SEP]", type_id: 1 } },
        ],
        special_tokens: { "[CLS]": { id: "[CLS]", ids: [2], tokens: ["[CLS]"] }, "[SEP]": { id: "[SEP]", ids: [3], tokens: ["[SEP]"] } },
      },
      decoder: { type: "WordPiece", prefix: "##", cleanup: true },
      model: {
        type: "WordPiece",
        unk_token: "[UNK]",
        continuing_subword_prefix: "##",
        max_input_chars_per_word: 100,
        vocab: vocabOf(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "great", "un", "##great", "a", "!"]),
      },
    },
    { mask_token: "[MASK]" },
  );
  expect(tokenizer.encode(" Great ungreat!")).toEqual([5, 6, 7, 9]);
  expect(tokenizer.specials).toEqual({ before: [2], between: [3], after: [3] });
  expect(tokenizer.mask).toEqual({ id: 4, token: "[MASK]" });
  expect(tokenizer.encode("a [MASK] !")).toEqual([8, 9]);
  expect(tokenizer.encodeTemplate("a [MASK] !")).toEqual([8, 4, 9]);
});

test("roberta: byte pairs that know their space, and a mask that eats the one before it", () => {
  const tokens = ["<s>", "<pad>", "</s>", "<unk>", "a", "b", "Ġ", "Ġa", "ab", "Ġab", "<mask>"];
  const tokenizer = make(
    {
      added_tokens: added([0, "<s>"], [1, "<pad>"], [2, "</s>"], [3, "<unk>"], [10, "<mask>"]),
      normalizer: null,
      pre_tokenizer: byteLevel,
      post_processor: { type: "RobertaProcessing", sep: ["</s>", 2], cls: ["<s>", 0], trim_offsets: true, add_prefix_space: false },
      decoder: byteLevel,
      model: bpe(tokens.slice(0, 10), ["Ġ a", "a b", "Ġa b"]),
    },
    { mask_token: { content: "<mask>", lstrip: true } },
  );
  expect(tokenizer.encode("ab ab a")).toEqual([8, 9, 7]);
  expect(tokenizer.specials).toEqual({ before: [0], between: [2, 2], after: [2] });
  expect(tokenizer.encodeTemplate("ab <mask> a")).toEqual([8, 10, 7]);
  expect(tokenizer.decode([8, 9])).toBe("ab ab");
});

test("gpt2: byte pairs without special tokens and without a mask", () => {
  const tokens = ["a", "b", "Ġ", "Ã", "©", "Ġa", "ab", "Ġab", "<|endoftext|>"];
  const tokenizer = make({
    added_tokens: added([8, "<|endoftext|>"]),
    normalizer: null,
    pre_tokenizer: byteLevel,
    post_processor: { type: "ByteLevel", add_prefix_space: true, trim_offsets: false, use_regex: true },
    decoder: byteLevel,
    model: bpe(tokens, ["Ġ a", "a b", "Ġa b"]),
  });
  expect(tokenizer.encode("ab ab é")).toEqual([6, 7, 2, 3, 4]); // é is two bytes, and each has a token
  expect(tokenizer.decode([6, 7, 2, 3, 4])).toBe("ab ab é");
  expect(tokenizer.specials).toEqual({ before: [], between: [], after: [] });
  expect(tokenizer.mask).toBeNull();
  expect(tokenizer.tokenOf(7)).toBe("Ġab");
});

test("llama: a space of its own before every text, bytes for what it does not know, <s> in front", () => {
  const tokens = ["<unk>", "<s>", "</s>", "<0xC3>", "<0xA9>", "▁", "a", "b", "▁a", "ab", "▁ab"];
  const single = [{ SpecialToken: { id: "<s>", type_id: 0 } }, { Sequence: { id: "A", type_id: 0 } }];
  const tokenizer = make({
    added_tokens: added([0, "<unk>"], [1, "<s>"], [2, "</s>"]),
    normalizer: {
      type: "Sequence",
      normalizers: [
        { type: "Prepend", prepend: "▁" },
        { type: "Replace", pattern: { String: " " }, content: "▁" },
      ],
    },
    pre_tokenizer: null,
    post_processor: {
      type: "TemplateProcessing",
      single,
      pair: [...single, { SpecialToken: { id: "<s>", type_id: 1 } }, { Sequence: { id: "B", type_id: 1 } }],
      special_tokens: { "<s>": { id: "<s>", ids: [1], tokens: ["<s>"] } },
    },
    decoder: {
      type: "Sequence",
      decoders: [
        { type: "Replace", pattern: { String: "▁" }, content: " " },
        { type: "ByteFallback" },
        { type: "Fuse" },
        { type: "Strip", content: " ", start: 1, stop: 0 },
      ],
    },
    model: { ...bpe(tokens, ["▁ a", "a b", "▁a b"]), unk_token: "<unk>", fuse_unk: true, byte_fallback: true },
  });
  expect(tokenizer.encode("ab ab")).toEqual([10, 10]);
  expect(tokenizer.encode("é")).toEqual([5, 3, 4]);
  expect(tokenizer.decode([10, 5, 3, 4])).toBe("ab é");
  expect(tokenizer.specials).toEqual({ before: [1], between: [1], after: [] });
});
