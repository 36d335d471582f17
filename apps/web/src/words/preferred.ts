import type { Language } from "./languages.ts";
import { chooseLanguage, loadWords } from "./words.ts";

const item = "tutti-language";

/** Loads the sentences in the language of the address (`?lang=de`), else of an earlier choice, else of the browser. */
export function loadPreferredWords(): Promise<void> {
  const asked = new URLSearchParams(location.search).get("lang");
  return loadWords(chooseLanguage([...(asked === null ? [] : [asked]), ...(remembered() ?? []), ...navigator.languages]));
}

/** Shows the page in another language and keeps the choice; throws where its file does not arrive, and changes nothing then. */
export async function changeLanguage(language: Language): Promise<void> {
  await loadWords(language);
  rememberLanguage(language);
  const address = new URL(location.href);
  if (!address.searchParams.has("lang")) return;
  address.searchParams.set("lang", language); // the links to the other pages carry it
  history.replaceState(history.state, "", address);
}

/** Keeps a choice for later visits, where the browser stores anything. */
function rememberLanguage(language: string): void {
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
