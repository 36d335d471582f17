/** What a link to this page asks. Everything is behind the `#`, which browsers send to nobody. */
export interface LinkedQuestion {
  readonly text: string;
  readonly textB: string | null;
  /** The beginning of the SHA-256 of the parameters that answered where the link was made; null where it does not say. */
  readonly parameters: string | null;
}

/** Characters of a text that a link or the page takes. */
export const maxText = 5000;
const hashDigits = 16;

/** The question in the fragment of an address; null where it holds none. */
export function questionIn(hash: string): LinkedQuestion | null {
  const params = new URLSearchParams(hash.replace(/^#/, ""));
  const text = params.get("text");
  if (text === null || text.trim() === "") return null;
  const parameters = params.get("parameters");
  return {
    text: text.slice(0, maxText),
    textB: params.get("textB")?.slice(0, maxText) ?? null,
    parameters: parameters !== null && /^[0-9a-f]{16}$/.test(parameters) ? parameters : null,
  };
}

/** The link that asks this question with these parameters; what lets somebody into the run is not in it. */
export function linkTo(page: string, { text, textB }: Pick<LinkedQuestion, "text" | "textB">, parametersSha256: string | null): string {
  const address = new URL(page);
  const params = new URLSearchParams({ text });
  if (textB !== null) params.set("textB", textB);
  if (parametersSha256 !== null) params.set("parameters", parametersSha256.slice(0, hashDigits));
  address.hash = params.toString();
  return address.href;
}

/** Whether a link was made with other parameters than these. */
export function isOther({ parameters }: Pick<LinkedQuestion, "parameters">, parametersSha256: string): boolean {
  return parameters !== null && !parametersSha256.startsWith(parameters);
}
