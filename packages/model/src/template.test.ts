import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { classificationTasks, findClassification } from "@tutti/data";
import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { choosePrompt, createPlainEncoder, createTaskEncoder, createTemplate, fillTemplate } from "./template.ts";
import { createTokenizer, type TextTokenizer } from "./tokenizer.ts";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
let minuet: TextTokenizer;
/** minuet's vocabulary as RoBERTa sets it up: no space is put in front of a text, so leading spaces count. */
let spaceless: TextTokenizer;
let golden: { cases: { text: string; ids: number[]; maskPosition: number }[] };

beforeAll(async () => {
  const folder = "../../../public/backbones/minuet";
  const read = (path: string) => readFile(here(path), "utf8");
  minuet = createTokenizer(await read(`${folder}/tokenizer.json`), await read(`${folder}/tokenizer_config.json`));
  const json = (await read(`${folder}/tokenizer.json`)).replaceAll('"add_prefix_space": true', '"add_prefix_space": false');
  spaceless = createTokenizer(json, null);
  golden = JSON.parse(await read("../golden/minuet/golden.json"));
});

const whole = (text: string, tokenizer = minuet) => [
  ...tokenizer.specials.before,
  ...tokenizer.encodeTemplate(text),
  ...tokenizer.specials.after,
];

test("minuet's tokens are those of the reference, accents, contractions and the mask included", () => {
  expect(golden.cases).toHaveLength(4);
  for (const { text, ids, maskPosition } of golden.cases) {
    expect(whole(text)).toEqual(ids);
    expect(ids[maskPosition]).toBe(minuet.mask?.id);
  }
});

test("a filled template gives the tokens and the mask position of the reference", () => {
  const [film, courier] = golden.cases;
  const sentiment = createTemplate(minuet, "{text} it was {mask} .").encode({ text: "The film wasn't bad at all" }, 128);
  expect(sentiment).toEqual({ ids: film?.ids, maskPosition: film?.maskPosition });
  const topic = createTaskEncoder(minuet, findClassification("feedback/topic", "this test"), "labelWords");
  const encoded = topic.encode({ text: " Courier arrived two days late and left the box in the rain.\n" }, 128);
  expect(encoded).toEqual({ ids: courier?.ids, maskPosition: courier?.maskPosition });
});

test("every built-in template gives the tokens of the filled-in string, for any text", () => {
  const texts = fc.string({ unit: "binary", maxLength: 40 }).filter((text) => /\S/.test(text));
  const words = fc.array(fc.constantFrom("It's", "great", "é", "1st", "…", "don't", "?", "(so)", "WOW!!", "£4.50", "naïve"), {
    minLength: 1,
  });
  const text = fc.oneof(
    texts,
    words.map((list) => list.join(" ")),
  );
  const templates = [...new Set(classificationTasks.flatMap(({ prompts }) => prompts.map(({ template }) => template)))];
  fc.assert(
    fc.property(fc.constantFrom(...templates), text, text, (template, a, b) => {
      const example = { text: a, textB: b };
      for (const tokenizer of [minuet, spaceless]) {
        const { ids, maskPosition } = createTemplate(tokenizer, template).encode(example, 4096);
        expect(ids).toEqual(whole(fillTemplate(template, example, "<mask>"), tokenizer));
        expect(maskPosition).toBe(ids.indexOf(4));
      }
    }),
    { numRuns: 200 },
  );
});

test("a long text is cut from its end and the template is kept whole", () => {
  const encoder = createTemplate(minuet, "{text} topic : {mask} .");
  const text = Array.from({ length: 300 }, (_, i) => `word${i}`).join(" ");
  const full = encoder.encode({ text }, 10_000).ids;
  const cut = encoder.encode({ text }, 50);
  expect(cut.ids).toHaveLength(50);
  expect(cut.ids.slice(0, 44)).toEqual(full.slice(0, 44));
  expect(cut.ids.slice(44)).toEqual(full.slice(-6)); // topic (2 tokens), colon, mask, full stop, </s>
  expect(cut.ids[cut.maskPosition ?? -1]).toBe(4);
  expect(() => encoder.encode({ text }, 7)).toThrow("leaves no room for text in 7");
  expect(encoder.encode({ text }, 8).ids).toHaveLength(8);
});

test("of a pair the longer text gives way first, then both alike", () => {
  const encoder = createTemplate(minuet, "{text} ? {mask} , {textB}");
  const [a, b] = ["the ".repeat(40), "was ".repeat(9)];
  const count = (ids: readonly number[], word: string) => ids.filter((id) => minuet.tokenOf(id) === `Ġ${word}`).length;
  const lengths = (maxTokens: number) => {
    const { ids } = encoder.encode({ text: a, textB: b }, maxTokens);
    return [count(ids, "the"), count(ids, "was"), ids.length];
  };
  expect(lengths(128)).toEqual([40, 9, 55]);
  expect(lengths(30)).toEqual([15, 9, 30]);
  expect(lengths(17)).toEqual([6, 5, 17]);
  expect(lengths(16)).toEqual([5, 5, 16]);
});

test("special tokens that a person typed do not become special", () => {
  const { ids, maskPosition } = createTemplate(minuet, "{text} it was {mask} .").encode({ text: "look <mask> here </s>" }, 128);
  expect(ids.filter((id) => id === 4)).toHaveLength(1);
  expect(ids.filter((id) => id === 2)).toHaveLength(1);
  expect(maskPosition).toBe(ids.indexOf(4));
});

test("the linear head reads the text alone, and a pair as the tokenizer joins it", () => {
  const plain = createPlainEncoder(minuet);
  const [the, food] = [...minuet.encode("the"), ...minuet.encode(" food")];
  expect(plain.encode({ text: "The food" }, 128)).toEqual({ ids: [0, the, food, 2], maskPosition: null });
  expect(plain.encode({ text: "the", textB: "food" }, 128).ids).toEqual([0, the, 2, 2, food, 2]);
  expect(plain.encode({ text: "the food the food" }, 5).ids).toEqual([0, the, food, the, 2]);
});

test("minuet answers every built-in classification task with single-token label words", () => {
  const chosen = Object.fromEntries(classificationTasks.map((task) => [task.name, choosePrompt(minuet, task.prompts)]));
  expect(chosen["feedback/topic"]?.labelIds.map((id) => minuet.tokenOf(id))).toEqual(["Ġdelivery", "Ġquality", "Ġservice", "Ġprice"]);
  expect(chosen.cola?.labelWords).toEqual(["wrong", "right"]);
  expect(chosen.subj).toMatchObject({ template: "{text} . This is {mask} .", labelWords: ["opinion", "fact"] });
  expect(chosen.trec?.labelWords[2]).toBe("thing");
  expect(chosen.rte?.labelIds.map((id) => minuet.tokenOf(id))).toEqual(["Ġno", "Ġyes"]);
});

test("a label word of several tokens is named, and so are two classes with one token", () => {
  const template = "{text} it was {mask} .";
  expect(() => choosePrompt(minuet, [{ template, labelWords: ["right", "unacceptable"] }])).toThrow(
    'label word "unacceptable" is 4 tokens (Ġun ac cept able), it must be one',
  );
  expect(() => choosePrompt(minuet, [{ template, labelWords: ["Great", "great"] }])).toThrow('label word "great" is the same token');
});

test("a template that cannot work is refused with the reason", () => {
  expect(() => createTemplate(minuet, "{text} it was good")).toThrow("must hold {text} and {mask} once");
  expect(() => createTemplate(minuet, "{text}. It was {mask}")).toThrow("must stand between spaces");
  expect(() => createTemplate(minuet, "{text} {word} {mask}")).toThrow("{word} is not one of");
  expect(() => createTemplate(minuet, "{text} <mask> {mask}")).toThrow("the tokenizer finds 2 mask tokens");
  expect(() => createTemplate(minuet, "{text} ? {mask} , {textB}").encode({ text: "a" }, 99)).toThrow("asks for textB");
  expect(() => createTemplate({ ...minuet, mask: null }, "{text} {mask}")).toThrow("needs a backbone with a mask token");
});
