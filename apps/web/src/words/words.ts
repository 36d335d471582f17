import { signal } from "@preact/signals";
import { type Language, languages } from "./languages.ts";
import type { Words } from "./sentences.ts";

let latestAsked: Language | null = null;
const chosen = signal<{ readonly language: Language; readonly words: Words } | null>(null);

function current() {
  if (chosen.value === null)
    throw new Error("the sentences of the pages are read before a language was loaded: await loadPreferredWords first");
  return chosen.value;
}

/** The sentences of the page's language: read them where they are shown, not when a module loads, so that a component follows the choice. */
export const words: Words = new Proxy({} as Words, { get: (_, name) => current().words[name as keyof Words] });

/** The page's language, for a component to follow. */
export const currentLanguage = (): Language => current().language;

/** Takes the sentences of a language from here on. */
export function useWords(sentences: Words, language: Language = "en"): void {
  chosen.value = { language, words: sentences };
}

const files: Readonly<Record<Language, () => Promise<Words>>> = {
  en: () => import("./en.ts"),
  de: async () => (await import("./de.ts")).german,
  fr: async () => (await import("./fr.ts")).french,
  fi: async () => (await import("./fi.ts")).finnish,
};

/** Loads the sentences of one language alone, and marks the document with it; of two choices in a row the later one holds. */
export async function loadWords(language: Language): Promise<void> {
  latestAsked = language;
  const sentences = await files[language]();
  if (latestAsked !== language) return;
  useWords(sentences, language);
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
