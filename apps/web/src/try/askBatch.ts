import type { Answerer } from "@tutti/model";
import type { Asker } from "./asker.ts";
import type { BatchText } from "./batchFile.ts";

/** Probabilities of each class, for the first texts of a batch. */
export interface BatchAnswers {
  readonly answers: readonly (readonly number[])[];
  readonly isWhole: boolean;
}

/** Texts that are asked at once: the page shows progress, and a person can stop, between. */
const atOnce = 32;

/** Asks about the texts in their order; gives the answers so far after each part, and ends when the signal fires. */
export async function* askBatch(
  asker: Asker,
  texts: readonly BatchText[],
  of: Answerer,
  signal: AbortSignal,
): AsyncGenerator<Pick<BatchAnswers, "answers">> {
  const answers: (readonly number[])[] = [];
  for (let start = 0; start < texts.length; start += atOnce) {
    const some = texts.slice(start, start + atOnce).map(({ text, textB }) => (textB === undefined ? { text } : { text, textB }));
    const found = await asker.ask("ask", { texts: some, of: [of] }, { signal });
    answers.push(...(found[of] ?? []));
    yield { answers: [...answers] };
  }
}
