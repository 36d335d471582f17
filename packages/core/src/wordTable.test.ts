import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { promptText, tokenTexts } from "./wordTable.ts";

const file = (more: object) => JSON.stringify({ added_tokens: [{ id: 0, content: "<s>", special: true }], ...more });

test("tokens of bytes are read as text, with a space where they begin a word, and parts of characters, line ends and special tokens are not", () => {
  const vocab = { "<s>": 0, Ġgreat: 1, est: 2, "Ã©": 3, Ã: 4, Ċ: 5, Ġ: 6, "!": 7 };
  const texts = tokenTexts(file({ decoder: { type: "ByteLevel" }, model: { type: "BPE", vocab } }));
  expect(texts).toEqual([null, " great", "est", "é", null, null, null, "!"]);
});

test("tokens of other tokenizers are read, too", () => {
  const wordPiece = tokenTexts(
    file({ decoder: { type: "WordPiece" }, model: { type: "WordPiece", vocab: { "<s>": 0, great: 1, "##est": 2 } } }),
  );
  expect(wordPiece).toEqual([null, " great", "est"]);
  const unigram = tokenTexts(
    file({
      decoder: { type: "Metaspace" },
      model: {
        type: "Unigram",
        vocab: [
          ["<s>", 0],
          ["▁great", -1],
          ["est", -2],
        ],
      },
    }),
  );
  expect(unigram).toEqual([null, " great", "est"]);
  expect(promptText([" great", "est", " film"])).toBe("greatest film");
});

test("most of the built-in backbone's tokens can be read, and its special ones cannot", () => {
  const texts = tokenTexts(readFileSync(new URL("../../../public/backbones/minuet/tokenizer.json", import.meta.url), "utf8"));
  expect(texts).toHaveLength(8192);
  expect(texts.slice(0, 5)).toEqual([null, null, null, null, null]);
  expect(texts.filter((text) => text !== null).length).toBeGreaterThan(7900);
});
