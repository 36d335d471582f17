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
import type { Words } from "./sentences.ts";
import { chooseLanguage } from "./words.ts";

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
  const read = new Set(sourceFiles.flatMap(readIn));
  const isRead = (path: string) => {
    const [table = "", name = ""] = path.split(".");
    return read.has(`${table}.`) || read.has(name === "" ? table : `${table}.${name}`);
  };
  expect([...inEnglish.keys()].filter((path) => !isRead(path) && !isSaidByAnother(path))).toEqual([]);
});

test("no page writes a number, a size or a time in English whatever its language", () => {
  for (const source of sourceFiles) {
    expect(source).not.toMatch(/import \{[^}]*\bformat(Bytes|Count|Number|Percent|Score|Seconds|Whole)\b[^}]*\} from "@tutti\/core"/);
    expect(source).not.toMatch(/\.toLocale(Time|Date)?String\(/);
  }
});

/** What a file reads: `landing.join`, or `stageNames.` where any of a table may be read. */
function readIn(source: string): string[] {
  // in `const { operator: w } = words` w is a table, in `const { orders } = words.operator` a sentence or more
  const aliases = [...source.matchAll(/const \{([^}]*)\} = words;/g)].flatMap(([, names = ""]) => namesIn(names));
  const taken = [...source.matchAll(/const \{([^}]*)\} = words\.(\w+);/g)];
  const direct = [...source.matchAll(/(?<!\} = )\bwords\.(\w+)/g)].map(([, table = ""]) => ({ name: table, alias: `words.${table}` }));
  const used = [...aliases, ...direct].flatMap(({ name: table, alias }) =>
    [...source.matchAll(new RegExp(`(?<![\\w.])${alias.replace(".", "\\.")}\\b(?:\\.(\\w+))?(.?)`, "gs"))].flatMap(([, name, next]) => {
      if (name !== undefined) return [`${table}.${name}`];
      return next === "[" || alias.startsWith("words.") ? [`${table}.`, table] : []; // else where the alias is made
    }),
  );
  return [...used, ...taken.flatMap(([, names = "", table]) => namesIn(names).map(({ name }) => `${table}.${name}`))];
}

/** The names between the braces of a destructuring, and what they are called from there on. */
function namesIn(braces: string): { readonly name: string; readonly alias: string }[] {
  return braces.split(",").flatMap((part) => {
    const [name = "", alias = name] = part.split(":").map((word) => word.trim());
    return name === "" ? [] : [{ name, alias }];
  });
}

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

test("every language speaks to one person, but where it quotes a browser", () => {
  const formal: readonly [Words, RegExp][] = [
    [german, /(?<!^|[.!?:] )\b(Ihre?[mnrs]?|Ihnen)\b/],
    [french, /\b(vous|votre|vos)\b/i],
    [finnish, /\b(Te|Teidän|Teille|olkaa|voitte)\b/],
  ];
  for (const [words, pattern] of formal) {
    for (const [path, sentence] of sentences(words)) {
      if (typeof sentence === "string") expect(sentence.replace(/„[^“]*“|«[^»]*»|”[^”]*”/g, ""), path).not.toMatch(pattern);
    }
  }
});

test("the page speaks the first language that is wanted and known, and English where none is", () => {
  expect(chooseLanguage(["de-AT", "en"])).toBe("de");
  expect(chooseLanguage(["sv", "FI", "de"])).toBe("fi");
  expect(chooseLanguage(["pt-BR", "es"])).toBe("en");
  expect(chooseLanguage([])).toBe("en");
  expect(everyLanguage.map(([language]) => chooseLanguage([language]))).toEqual(Object.keys(languageNames));
});
