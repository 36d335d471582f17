/** A sentence, and its language where it is not the page's. */
export interface Text {
  readonly text: string;
  readonly lang: "en" | undefined;
  /** What a program said, in English, for whoever looks for the fault; absent where the sentence says it all. */
  readonly detail?: string;
}

/** A sentence in the page's language. */
export const ours = (text: string): Text => ({ text, lang: undefined });

/** Reasons come as parts of sentences: with a capital letter and a full stop. */
export function asSentence(text: string): string {
  if (text === "") return "";
  const begun = `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}
