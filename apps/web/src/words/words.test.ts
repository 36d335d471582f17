import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { probe } from "../testing/probe.ts";
import { german } from "./de.ts";
import * as english from "./en.ts";
import { finnish } from "./fi.ts";
import { french } from "./fr.ts";
import { languageNames } from "./languages.ts";
import { chooseLanguage, type Words } from "./words.ts";

const others: Readonly<Record<string, Words>> = { de: german, fr: french, fi: finnish };
const everyLanguage: readonly [string, Words][] = [["en", english], ...Object.entries(others)];

/** A sentence, or a function that makes one, by its path. */
type Sentence = string | ((...given: never[]) => unknown);

function sentencesOf(found: unknown, path = ""): [path: string, sentence: Sentence][] {
  if (typeof found === "string" || typeof found === "function") return [[path, found as Sentence]];
  if (typeof found !== "object" || found === null) return [];
  return Object.entries(found).flatMap(([name, inner]) => sentencesOf(inner, path === "" ? name : `${path}.${name}`));
}

/** `formats` are no sentences: `formats.test.ts` is about them. */
const sentences = (words: Words) => new Map(sentencesOf(words).filter(([path]) => !path.startsWith("formats.")));
const inEnglish = sentences(english);

const pages = fileURLToPath(new URL("..", import.meta.url));
const sourceFiles = readdirSync(pages, { recursive: true, encoding: "utf8" })
  .filter((name) => /\.tsx?$/.test(name) && !name.includes(".test.") && !/^(words|testing)\//.test(name))
  .map((name) => readFileSync(join(pages, name), "utf8"));

test("every language has every sentence, and none that English lacks", () => {
  expect(inEnglish.size).toBeGreaterThan(100);
  expect(Object.keys(others)).toEqual(Object.keys(languageNames).filter((language) => language !== "en"));
  for (const [language, words] of Object.entries(others)) {
    expect([...sentences(words).keys()].sort(), language).toEqual([...inEnglish.keys()].sort());
    for (const [path, sentence] of sentences(words)) expect(typeof sentence, `${language} ${path}`).toBe(typeof inEnglish.get(path));
  }
});

test("the pages read every sentence", () => {
  const read = new Set<string>();
  // words.landing.join reads one; words.stageNames[stage] and a table that is handed on read all of a table
  for (const source of sourceFiles) {
    for (const [, table = "", name, next] of source.matchAll(/\bwords\.(\w+)(?:\.(\w+))?(.?)/gs)) {
      read.add(name === undefined || next === "[" ? `${table}.` : `${table}.${name}`);
      if (name !== undefined) read.add(table);
    }
  }
  const isRead = (path: string) => {
    const [table = "", name = ""] = path.split(".");
    return read.has(`${table}.`) || (name === "" ? read.has(table) : read.has(`${table}.${name}`));
  };
  expect([...inEnglish.keys()].filter((path) => !isRead(path) && !isSaidByAnother(path))).toEqual([]);
});

/** Sentences that only other sentences are made of. */
function isSaidByAnother(path: string): boolean {
  const [table, name] = path.split(".");
  return name !== undefined && new RegExp(`\\b${table}\\.${name}\\b`).test(readFileSync(join(pages, "words/en.ts"), "utf8"));
}

test("a translation says every value that the English sentence says, and no other", () => {
  let numCompared = 0;
  for (const [path, sentence] of inEnglish) {
    if (typeof sentence === "string") continue;
    for (const value of [1, 4321]) {
      const { paths } = probe(sentence, value);
      for (const [language, words] of Object.entries(others)) {
        const translated = sentences(words).get(path);
        if (typeof translated !== "function") continue;
        expect(probe(translated, value).paths, `${language} ${path}`).toEqual(paths);
        expect(translated.length, `${language} ${path}`).toBe(sentence.length);
        numCompared++;
      }
    }
  }
  expect(numCompared).toBeGreaterThan(100);
});

test("no translation is still English, empty, or written with the signs of English", () => {
  for (const [language, words] of Object.entries(others)) {
    for (const [path, sentence] of sentences(words)) {
      const where = `${language} ${path}`;
      const original = inEnglish.get(path);
      if (typeof sentence === "string") {
        if (sentence.split(" ").length > 2) expect(sentence, where).not.toBe(original);
        expect(sentence.trim() === "", where).toBe(typeof original === "string" && original.trim() === "");
      }
      const text = typeof sentence === "string" ? sentence : probe(sentence, 4321.5).text;
      expect(text, where).not.toMatch(/\d,\d{3}\b|“(?!\s|$|[.,;:)])[^”]*”|'/);
      if (language === "fr") expect(text, where).not.toMatch(/[^\s\u00a0\u202f\d/][;:!?](?=\s|$)| [;:!?»]|« /);
      if (language === "de") expect(text, where).not.toMatch(/”/);
    }
  }
});

test("sentences begin and end as the English ones do: with a capital letter, a full stop, a space before them", () => {
  for (const [path, sentence] of inEnglish) {
    if (typeof sentence !== "string") continue;
    for (const [language, words] of Object.entries(others)) {
      const translated = String(sentences(words).get(path));
      expect(/[.!?…]$/.test(translated), `${language} ${path}`).toBe(/[.!?…]$/.test(sentence));
      expect(translated.startsWith(" "), `${language} ${path}`).toBe(sentence.startsWith(" "));
      if (/^[A-Z][a-z]/.test(sentence)) expect(translated, `${language} ${path}`).toMatch(/^[\p{Lu}\p{N}«„”“]/u);
    }
  }
});

test("every language speaks to one person", () => {
  for (const [path, sentence] of sentences(german))
    if (typeof sentence === "string") expect(sentence, path).not.toMatch(/(?<!^|[.!?:] )\b(Ihre?[mnrs]?|Ihnen)\b/);
  for (const [path, sentence] of sentences(french))
    if (typeof sentence === "string") expect(sentence, path).not.toMatch(/\b(vous|votre|vos)\b/i);
  for (const [path, sentence] of sentences(finnish))
    if (typeof sentence === "string") expect(sentence, path).not.toMatch(/\b(Te|Teidän|Teille|olkaa|voitte)\b/);
});

test("the page speaks the first language that is wanted and known, and English where none is", () => {
  expect(chooseLanguage(["de-AT", "en"])).toBe("de");
  expect(chooseLanguage(["sv", "FI", "de"])).toBe("fi");
  expect(chooseLanguage(["pt-BR", "es"])).toBe("en");
  expect(chooseLanguage([])).toBe("en");
  expect(everyLanguage.map(([language]) => chooseLanguage([language]))).toEqual(Object.keys(languageNames));
});
