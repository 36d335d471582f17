import { chooseLanguage, loadWords } from "./words.ts";

const item = "tutti-language";

/** Loads the sentences in the language of the address (`?lang=de`), else of an earlier choice, else of the browser. */
export function loadPreferredWords(): Promise<void> {
  const asked = new URLSearchParams(location.search).get("lang");
  return loadWords(chooseLanguage([...(asked === null ? [] : [asked]), ...(remembered() ?? []), ...navigator.languages]));
}

/** Keeps a choice for later visits, where the browser stores anything. */
export function rememberLanguage(language: string): void {
  try {
    localStorage.setItem(item, language);
  } catch {
    return; // it holds for this visit
  }
}

function remembered(): readonly string[] | null {
  try {
    const language = localStorage.getItem(item);
    return language === null ? null : [language];
  } catch {
    return null;
  }
}
