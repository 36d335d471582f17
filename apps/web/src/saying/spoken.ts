import { words } from "../words/words.ts";
import { ours, type Text } from "./text.ts";

/** An error whose message is a sentence in the page's language. */
export class Spoken extends Error {
  override readonly name = "Spoken";
}

/** An error for its reader: what a program says in English comes behind a sentence of the page's. */
export function textOfError(error: unknown): Text {
  if (error instanceof Spoken) return ours(error.message);
  return { ...ours(words.tabProblems.broken), detail: error instanceof Error ? error.message : String(error) };
}
