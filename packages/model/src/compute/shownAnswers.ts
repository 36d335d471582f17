import type { Params, ShownAnswer } from "@tutti/core";
import type { AnyExample, Reader } from "../reader.ts";
import { throwIfAborted, yieldToEvents } from "../training/pause.ts";

/** Characters of a text that a report shows; a longer one ends with a mark. */
export const maxShownCharacters = 1000;

/** How answers are made. */
export interface ShownOptions {
  readonly maxNewTokens: number;
  readonly signal?: AbortSignal | undefined;
}

/** Each message with its reference and the answer by greedy decoding, in their order. */
export async function answerShown(
  reader: Pick<Reader<AnyExample>, "answer">,
  params: Params,
  examples: readonly AnyExample[],
  { maxNewTokens, signal }: ShownOptions,
): Promise<ShownAnswer[]> {
  const shown: ShownAnswer[] = [];
  for (const example of examples) {
    throwIfAborted(signal);
    if (!("answer" in example) || reader.answer === undefined) throw new Error("answers are generated for reply tasks only");
    const answer = await reader.answer(params, example, maxNewTokens, signal);
    shown.push({ prompt: cut(example.text), reference: cut(example.answer), answer: cut(answer) });
    await yieldToEvents();
  }
  return shown;
}

function cut(text: string): string {
  const characters = [...text];
  return characters.length <= maxShownCharacters ? text : `${characters.slice(0, maxShownCharacters - 1).join("")}…`;
}
