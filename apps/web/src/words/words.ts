import type * as english from "./en.ts";
import { type Language, languages } from "./languages.ts";

/** Every sentence of the pages; each language has one file with the same names. */
export type Words = typeof english;

/** The sentences of the page's language, once `useWords` was called: read them where they are shown, not when a module loads. */
export let words: Words;

/** Takes the sentences of a language from here on. */
export function useWords(chosen: Words): void {
  words = chosen;
}

const files: Readonly<Record<Language, () => Promise<Words>>> = {
  en: () => import("./en.ts"),
};

/** Loads the sentences of one language alone, and marks the document with it. */
export async function loadWords(language: Language): Promise<void> {
  useWords(await files[language]());
  document.documentElement.lang = language;
}

/** The first language of the page's that is wanted: by the address, by an earlier choice, by the browser; English where there is none. */
export function chooseLanguage(wanted: readonly string[]): Language {
  for (const tag of wanted) {
    const found = languages.find((language) => language === tag.toLowerCase().split("-")[0]);
    if (found !== undefined) return found;
  }
  return "en";
}
