import { useSignal } from "@preact/signals";
import { type Language, languageNames, languages } from "../words/languages.ts";
import { changeLanguage } from "../words/preferred.ts";
import { currentLanguage, words } from "../words/words.ts";

/** The choice of the page's language: it changes at once, and this browser keeps it. */
export function LanguageChoice() {
  const hasFailed = useSignal(false);
  const choose = async (select: HTMLSelectElement): Promise<void> => {
    hasFailed.value = false;
    try {
      await changeLanguage(select.value as Language);
    } catch {
      select.value = currentLanguage();
      hasFailed.value = true;
    }
  };
  return (
    <p class="language">
      <label>
        {words.languageChoice.label}
        <select value={currentLanguage()} onChange={(event) => void choose(event.currentTarget)} data-testid="language">
          {languages.map((language) => (
            <option key={language} value={language} lang={language}>
              {languageNames[language]}
            </option>
          ))}
        </select>
      </label>
      <span role="status">{hasFailed.value ? words.languageChoice.failed : ""}</span>
    </p>
  );
}
