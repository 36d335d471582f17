/** The pages' languages, by the names that they call themselves; `words/<language>.ts` has the sentences. */
export const languageNames = {
  en: "English",
  de: "Deutsch",
  fr: "Français",
  fi: "Suomi",
} as const;

/** A language of the pages. */
export type Language = keyof typeof languageNames;

/** The languages in the order of their choice. */
export const languages = Object.keys(languageNames) as readonly Language[];
