import { createPrompter, findTask, type ReplyExample, requireTextTask } from "@tutti/data";
import { expect, test } from "vitest";
import { encodeAnswer, encodePrompt } from "./answerEncoding.ts";
import { wordTokenizer, wordTokenizerConfig } from "./testing/textPlace.ts";
import { createTokenizer } from "./tokenizer.ts";

const replies = requireTextTask(findTask("replies"), "this test");
const config = wordTokenizerConfig();
const tokenizer = createTokenizer(wordTokenizer(), config);
const example: ReplyExample = { kind: "reply", text: "w60 w61 w62", answer: "w20 w21" };
const [reply, colon, start, end] = [3, 4, 0, 1];

async function pairOf(row: ReplyExample, maxTokens: number) {
  const prompter = await createPrompter(replies, config);
  return encodeAnswer(tokenizer, prompter(row), maxTokens);
}

test("a prompt stands between the token that begins a text and its answer, and the token that ends a text stands behind", async () => {
  const pair = await pairOf(example, 40);
  expect(pair).toEqual({ ids: [start, 60, 61, 62, reply, colon, 20, 21, end], start: 6, isCut: false });
  const { ids, stopTokens } = encodePrompt(tokenizer, (await createPrompter(replies, null))({ ...example, answer: "" }), {
    maxTokens: 40,
    maxNewTokens: 12,
  });
  expect(ids).toEqual(pair.ids.slice(0, pair.start));
  expect(stopTokens).toEqual([end]);
});

test("a chat template writes its special tokens itself, those of the answer's end included", () => {
  const prompted = { prompt: "<s>w60 w61 w62 </s>\n<s>", answer: "w20 w21 </s>", isChat: true };
  const pair = encodeAnswer(tokenizer, prompted, 40);
  expect(pair).toEqual({ ids: [start, 60, 61, 62, end, start, 20, 21, end], start: 6, isCut: false });
  const asked = { ...prompted, answer: "<unk></s>" }; // what a template writes around an answer of nothing
  const { ids, stopTokens } = encodePrompt(tokenizer, asked, { maxTokens: 40, maxNewTokens: 12 });
  expect(ids).toEqual(pair.ids.slice(0, pair.start));
  expect(stopTokens).toEqual([2, end]);
});

test("a prompt that is too long loses its beginning, so that what stands next to the answer stays", async () => {
  const long = { ...example, text: Array.from({ length: 30 }, (_, i) => `w${60 + i}`).join(" ") };
  const pair = await pairOf(long, 12);
  expect(pair).toEqual({ ids: [start, 84, 85, 86, 87, 88, 89, reply, colon, 20, 21, end], start: 9, isCut: false });
  const prompter = await createPrompter(replies, null);
  const { ids, maxNewTokens } = encodePrompt(tokenizer, prompter({ ...long, answer: "" }), { maxTokens: 20, maxNewTokens: 48 });
  expect(maxNewTokens).toBe(10); // half of all places at most
  expect(ids).toEqual([start, 83, 84, 85, 86, 87, 88, 89, reply, colon]);
});

test("an answer that is too long loses its end, and then nothing ends it", async () => {
  const long = { ...example, answer: Array.from({ length: 30 }, (_, i) => `w${20 + i}`).join(" ") };
  const pair = await pairOf(long, 12);
  expect(pair).toEqual({ ids: [start, 60, 61, 62, reply, colon, 20, 21, 22, 23, 24, 25], start: 6, isCut: true });
});

test("every token of a continuation is predicted but for what begins a text, and no token ends it", () => {
  const prompted = { prompt: "", answer: "w20 w21 w22", isChat: false };
  expect(encodeAnswer(tokenizer, prompted, 40)).toEqual({ ids: [start, 20, 21, 22], start: 1, isCut: false });
  expect(encodeAnswer(tokenizer, prompted, 3)).toEqual({ ids: [start, 20, 21], start: 1, isCut: true });
  const bare = { ...tokenizer, specials: { ...tokenizer.specials, before: [] } };
  expect(encodeAnswer(bare, prompted, 40).ids).toEqual([end, 20, 21, 22]); // as gpt2 parts its documents
});

test("an answer without a token of the vocabulary is refused with what to do", () => {
  const strict = { ...tokenizer, encode: (text: string) => tokenizer.encode(text).filter((id) => id !== tokenizer.unknownId) };
  const prompted = { prompt: "w60 reply:", answer: " ☂", isChat: false };
  expect(() => encodeAnswer({ ...strict, encodeTemplate: strict.encode }, prompted, 40)).toThrow(
    "its answer has no token of this backbone's vocabulary: write one, or take the row out",
  );
});

test("a checkpoint's token that ends a text is the one that its tokenizer_config names, and none where it names none", () => {
  expect(tokenizer.endId).toBe(end);
  expect(createTokenizer(wordTokenizer(), JSON.stringify({ eos_token: { content: "<unk>", lstrip: false } })).endId).toBe(2);
  expect(createTokenizer(wordTokenizer(), JSON.stringify({ eos_token: "<none>" })).endId).toBeNull();
  expect(createTokenizer(wordTokenizer(), null).endId).toBeNull();
});
