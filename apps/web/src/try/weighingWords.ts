import type { Answerer } from "@tutti/model";
import { textOfError } from "../saying/spoken.ts";
import { askedText } from "./asking.ts";
import type { TryContext } from "./tryContext.ts";
import type { WordsView } from "./tryView.ts";

/** No more words than this are left out one by one. */
export const maxWords = 150;

/** Leaves out the words of the text one by one, shows how far it is, and stops when the signal fires. */
export async function weighWords({ asker, view, show }: TryContext, classIndex: number, signal: AbortSignal): Promise<void> {
  const { answered, question } = view.value;
  if (asker === null || answered === null) return;
  const of: Answerer = answered.probabilities.tuned === undefined ? "before" : "tuned";
  const about: WordsView = { question, of, classIndex, effects: null, progress: null, problem: null };
  const put = (change: Partial<WordsView>): void => {
    if (!signal.aborted) show({ words: { ...about, ...change } });
  };
  put({});
  try {
    const asked = { text: askedText(question), of, classIndex, maxWords };
    put({ effects: await asker.ask("words", asked, { onProgress: (progress) => put({ progress }), signal }) });
  } catch (error) {
    put({ problem: textOfError(error) });
  }
}
