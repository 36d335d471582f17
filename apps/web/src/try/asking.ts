import { textOfError } from "../saying/spoken.ts";
import { latestOnly } from "./latestOnly.ts";
import type { TryContext } from "./tryContext.ts";
import { type Answered, answerersOf, isAsked, type Question } from "./tryView.ts";

/** How long nothing is typed before the text is asked about. */
const quietMs = 180;

/** Asks about the text that stands there. */
export interface Asking {
  /** Once it is quiet, or at once; a text task's answers are drawn when somebody wants them. */
  again(isAtOnce: boolean): void;
}

/** Asks everybody who can answer about the latest text. */
export function createAsking(context: TryContext): Asking {
  const { view, show } = context;
  const questions = latestOnly<Question, Answered>({
    quietMs,
    after,
    act: (question, signal) => answersTo(context, question, signal),
    onAnswer: (_, answered) => show({ answered, isAsking: false, problem: null }),
    onFailure: (_, error) => show({ isAsking: false, problem: textOfError(error) }),
  });
  return {
    again(isAtOnce) {
      const { question, loading } = view.value;
      if (loading.kind !== "ready" || loading.ready.task.kind !== "classification") return;
      if (!isAsked(question)) {
        questions.drop();
        show({ answered: null, isAsking: false });
        return;
      }
      show({ isAsking: true });
      questions.put(question, isAtOnce);
    },
  };
}

async function answersTo({ asker, view }: TryContext, question: Question, signal: AbortSignal): Promise<Answered> {
  if (asker === null) throw new Error("the model is not loaded yet");
  const text = askedText(question);
  const fit = await asker.ask("fit", text, { signal });
  const answers = await asker.ask("ask", { texts: [text], of: answerersOf(view.value) }, { signal });
  const probabilities = Object.fromEntries(Object.entries(answers).map(([of, [first = []]]) => [of, first]));
  return { question, fit, probabilities };
}

/** A question as the worker is asked it. */
export function askedText({ text, textB }: Question): { readonly text: string; readonly textB?: string } {
  return textB === null ? { text } : { text, textB };
}

function after(ms: number, act: () => void): () => void {
  const timer = setTimeout(act, ms);
  return () => clearTimeout(timer);
}
