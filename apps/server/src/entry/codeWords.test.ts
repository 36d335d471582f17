import { expect, test } from "vitest";
import { codeWordList } from "./codeWordList.ts";
import { drawCodeWords, isCodeOfWords, isSameCodeWord } from "./codeWords.ts";

test("the list has 2,048 different words of 3 to 9 letters, and no two of them differ by one letter", () => {
  expect(new Set(codeWordList).size).toBe(2048);
  expect(codeWordList.every((word) => /^[a-z]{3,9}$/.test(word))).toBe(true);
  const shortened = new Map<string, string>();
  for (const word of codeWordList) {
    for (let at = 0; at < word.length; at++) {
      const replaced = `${word.slice(0, at)}?${word.slice(at + 1)}`;
      const removed = word.slice(0, at) + word.slice(at + 1);
      expect(shortened.get(replaced) ?? word, word).toBe(word);
      expect(codeWordList.includes(removed) ? removed : word, word).toBe(word);
      shortened.set(replaced, word);
    }
  }
});

test("a code is three words of the list, each drawn by itself", () => {
  const draws = [0, 2047, 1024];
  expect(drawCodeWords(() => draws.shift() ?? -1)).toBe(`${codeWordList[0]}-${codeWordList[2047]}-${codeWordList[1024]}`);
  expect(isCodeOfWords(drawCodeWords())).toBe(true);
});

test("P-190 a code of words is known again whatever the case and whatever parts the words", () => {
  const code = "amber-lake-violin";
  for (const typed of ["amber-lake-violin", "Amber Lake Violin", "  AMBER   lake - violin ", "amber – lake—violin.", "amber_lake+violin"])
    expect(isSameCodeWord(typed, code), typed).toBe(true);
  for (const typed of ["amberlakeviolin", "amber lake", "amber violin lake", "amber lake violin violin", "amber lake violins", ""])
    expect(isSameCodeWord(typed, code), typed).toBe(false);
});

test("any other code word must be the same letter by letter", () => {
  expect(isSameCodeWord("Open-Sesame", "Open-Sesame")).toBe(true);
  expect(isSameCodeWord("open-sesame", "Open-Sesame")).toBe(false);
  expect(isSameCodeWord("aB3_x-Y9", "ab3-x-y9")).toBe(false);
});
