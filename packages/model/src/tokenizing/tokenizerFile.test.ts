import { expect, test } from "vitest";
import { createTokenizer } from "../tokenizer.ts";
import { readTokenizerFile } from "./tokenizerFile.ts";

const wordLevel = (tokens: readonly string[], unknown = "<unk>") => ({
  type: "WordLevel",
  vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
  unk_token: unknown,
});
const parts = { normalizer: null, pre_tokenizer: { type: "Whitespace" }, post_processor: null, decoder: null };
const fileOf = (change: Record<string, unknown>) => JSON.stringify({ ...parts, model: wordLevel(["<unk>", "good", "day"]), ...change });
const added = (id: number, content: string, flags: Record<string, unknown> = {}) => ({ id, content, special: true, ...flags });

test.each([
  [{ pre_tokenizer: { type: "UnicodeScripts" } }, 'pre-tokenizer "UnicodeScripts" is not supported'],
  [{ normalizer: { type: "Precompiled", precompiled_charsmap: "/wAAAA==" } }, "precompiled_charsmap is cut off"],
  [{ normalizer: { type: "Odd" } }, 'normalizer "Odd" is not supported'],
  [{ normalizer: { type: "Sequence", normalizers: [{ type: "constructor" }] } }, 'normalizer "constructor" is not supported'],
  [{ model: { type: "Neural" } }, 'model "Neural" is not supported; supported are BPE, Unigram, WordLevel, WordPiece'],
  [{ post_processor: { type: "Odd" } }, 'post-processor "Odd" is not supported'],
  [{ pre_tokenizer: { type: "Split", pattern: { Regex: "(" }, behavior: "Isolated" } }, "the pattern ( cannot be written"],
  [{ model: { type: "BPE", vocab: { a: 0, b: 1 }, merges: ["a b"] } }, 'the merges need the token "ab"'],
  [{ model: { type: "BPE", vocab: { a: 0 }, merges: ["a"] } }, 'the merge "a" is not two tokens'],
  [{ model: { type: "BPE", vocab: { a: 0 }, merges: [], dropout: 0.1 } }, "BPE with dropout 0.1 draws its tokens by chance"],
  [{ model: { type: "Unigram", vocab: [["a", -1]], unk_id: 1 } }, "unk_id 1 is past its 1 tokens"],
  [{ model: wordLevel(["a"]), added_tokens: [{ content: "b" }] }, "tokenizer.json is not a tokenizer"],
  [{ model: { type: "WordLevel", vocab: { a: 1.5 } } }, 'token "a" has no whole id'],
])("a part that cannot be read as the reference does is refused by name: %o", (change, message) => {
  expect(() => readTokenizerFile(fileOf(change))).toThrow(message);
});

test("two post-processors that add tokens are refused, and so is a template that turns a pair round", () => {
  const bert = { type: "BertProcessing", sep: ["[SEP]", 1], cls: ["[CLS]", 2] };
  const twice = { type: "Sequence", processors: [bert, { type: "ByteLevel" }, bert] };
  expect(() => readTokenizerFile(fileOf({ post_processor: twice }))).toThrow(
    "a sequence of the post-processors BertProcessing and BertProcessing",
  );
  const [a, b] = ["A", "B"].map((id) => ({ Sequence: { id, type_id: 0 } }));
  const turned = { type: "TemplateProcessing", single: [a], pair: [b, a], special_tokens: {} };
  expect(() => readTokenizerFile(fileOf({ post_processor: turned }))).toThrow("of a pair first $A, then $B");
});

test("added tokens have the ids that the reference gives them, whatever the file says", () => {
  const ids = (tokens: readonly object[], vocab: Record<string, number>) => {
    const file = readTokenizerFile(fileOf({ model: { type: "WordLevel", vocab, unk_token: "<unk>" }, added_tokens: tokens }));
    return file.tokensOf("a X Y b").map(({ id }) => id);
  };
  expect(ids([added(7, "b")], { a: 0, b: 1, "<unk>": 2 })).toEqual([0, 2, 2, 1]);
  expect(ids([added(5, "X"), added(9, "Y")], { a: 0, "<unk>": 1 })).toEqual([0, 2, 3, 1]);
  expect(ids([added(6, "X")], { a: 0, "<unk>": 5 })).toEqual([0, 2, 5, 5]);
  expect(ids([added(3, "Y"), added(2, "X")], { a: 0, "<unk>": 1 })).toEqual([0, 3, 2, 1]);
});

test("an added token takes the spaces beside it once, and a pattern's flag holds for the whole of it", () => {
  const space = added(3, " ", { lstrip: true, rstrip: true, normalized: false });
  const spaced = readTokenizerFile(fileOf({ added_tokens: [space] }));
  expect(spaced.tokensOf("   ").map(({ id }) => id)).toEqual([3]);
  expect(spaced.tokensOf(" good  day").map(({ id }) => id)).toEqual([3, 1, 3, 2]);
  const split = { type: "Split", pattern: { Regex: "(?i)good|day" }, behavior: "Isolated", invert: false };
  const model = wordLevel(["<unk>", "GOOD", "Day", "-"]);
  expect(
    readTokenizerFile(fileOf({ pre_tokenizer: split, model }))
      .tokensOf("GOOD-Day")
      .map(({ id }) => id),
  ).toEqual([1, 3, 2]);
});

test("an unknown word stays as the model's unknown token, the same token written out is left out", () => {
  const tokenizer = createTokenizer(fileOf({ added_tokens: [added(0, "<unk>")] }), null);
  expect(tokenizer.encode("good 😀 day xylophone")).toEqual([1, 0, 2, 0]);
  expect(tokenizer.encode("good <unk> day")).toEqual([1, 2]);
  expect(tokenizer.encodeTemplate("good <unk> day")).toEqual([1, 0, 2]);
});

test("a vocabulary without an unknown token leaves unknown words out, and a text of them is still one token", () => {
  const tokenizer = createTokenizer(fileOf({ model: wordLevel(["good", "day"]) }), null);
  expect(tokenizer.encode("good 😀 day")).toEqual([0, 1]);
  expect(tokenizer.unknownId).toBeNull();
  expect(tokenizer.fillerId).toBe(0);
});

test("half of a surrogate pair and a token called __proto__ are read as any other text", () => {
  const vocab = JSON.parse('{"<unk>": 0, "__proto__": 1, "constructor": 2}');
  const tokenizer = createTokenizer(fileOf({ model: { type: "WordLevel", vocab, unk_token: "<unk>" } }), null);
  expect(tokenizer.encode("constructor \uD83D toString")).toEqual([2, 0, 0]);
  const written = `{"model":{"type":"WordLevel","unk_token":"<unk>","vocab":{"<unk>":0,"__proto__":1}},"pre_tokenizer":{"type":"WhitespaceSplit"}}`;
  expect(createTokenizer(written, null).encode("__proto__ b")).toEqual([1, 0]);
});

test("a tokenizer_config.json that is cut off is told as that", () => {
  expect(() => createTokenizer(fileOf({}), '{"mask_token": ')).toThrow("tokenizer_config.json is not JSON");
});
