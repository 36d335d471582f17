/** The pages' languages; `words/<language>.ts` has the sentences. */
export const languages = ["en"] as const;

/** A language of the pages. */
export type Language = (typeof languages)[number];
