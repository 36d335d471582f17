import { randomInt } from "node:crypto";
import { codeWordList } from "./codeWordList.ts";
import { isSameSecret } from "./tokens.ts";

const numWords = 3;

/** Three words that can be read from a wall and typed, such as `amber-lake-violin`: 33 bits. */
export function drawCodeWords(drawBelow: (end: number) => number = (end) => randomInt(end)): string {
  return Array.from({ length: numWords }, () => codeWordList[drawBelow(codeWordList.length)]).join("-");
}

/** Whether a text has the form of a code of three words. */
export function isCodeOfWords(text: string): boolean {
  return /^[a-z]{3,9}(-[a-z]{3,9}){2}$/.test(text);
}

/** Whether a code word is the expected one. Of three words, case, spaces, hyphens and full stops between and around them do not matter. */
export function isSameCodeWord(given: string, expected: string): boolean {
  return isSameSecret(isCodeOfWords(expected) ? folded(given) : given, expected);
}

function folded(text: string): string {
  return text
    .normalize("NFKC")
    .toLowerCase()
    .split(/[\s\p{Pd}.,_+]+/u)
    .filter((part) => part !== "")
    .join("-");
}
