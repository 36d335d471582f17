import type { GeneratedSums } from "../textSums.ts";
import { rougeL } from "./rougeL.ts";

/**
 * Whether a generated text is its reference: letter by letter and with all punctuation, but whatever the case, since some vocabularies have one
 * case alone, and whatever the white space between words and at the ends.
 */
export function isExactMatch(reference: string, generated: string): boolean {
  return compared(reference) === compared(generated);
}

/** What one generated text adds to the sums. */
export function compareTexts(reference: string, generated: string): GeneratedSums {
  return { numExamples: 1, numExact: isExactMatch(reference, generated) ? 1 : 0, rougeLSum: rougeL(reference, generated).f };
}

function compared(text: string): string {
  return text.normalize("NFC").toLowerCase().trim().replace(/\s+/gu, " ");
}
