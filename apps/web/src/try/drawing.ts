import type { ReadonlySignal } from "@preact/signals";
import type { DrawRequest, DrawStep } from "@tutti/model";
import { textOfError } from "../saying/spoken.ts";
import type { Asker } from "./asker.ts";
import { answerersOf, type DrawnView, type TryView } from "./tryView.ts";

/** What drawing answers needs of its page. */
export interface DrawPorts {
  readonly asker: Asker;
  readonly view: ReadonlySignal<TryView>;
  show(change: Partial<TryView>): void;
  readonly request: Omit<DrawRequest, "of">;
  readonly signal: AbortSignal;
}

/** Who answers with text: of a run with a large model that is loaded, the three models of proxy-tuning. */
export function drawersOf(view: Pick<TryView, "loading" | "tuned" | "own" | "large">): readonly DrawRequest["of"][] {
  if (view.large?.kind === "here" && view.tuned.facts !== null) return ["small", "large", "proxy"];
  return answerersOf(view);
}

/** Draws the answers of all who answer, one after the other: they compute on one backend. */
export async function drawAll({ asker, view, show, request, signal }: DrawPorts): Promise<void> {
  const text = view.value.question.text.trim();
  const drawers = drawersOf(view.value);
  const waiting: DrawnView = { steps: [], isDrawing: true, numCut: 0, problem: null };
  show({ drawn: Object.fromEntries(drawers.map((of) => [of, waiting])) });
  for (const of of drawers) {
    const steps: DrawStep[] = [];
    const put = (change: Partial<DrawnView>): void => {
      if (view.value.drawn[of] === undefined) return;
      show({ drawn: { ...view.value.drawn, [of]: { ...waiting, steps: [...steps], ...change } } });
    };
    if (signal.aborted) {
      put({ isDrawing: false });
      continue;
    }
    const onProgress = (step: DrawStep): void => {
      steps.push(step);
      if (!signal.aborted) put({});
    };
    try {
      const { numCut } = await asker.ask("draw", { text, request: { ...request, of } }, { onProgress, signal });
      put({ isDrawing: false, numCut });
    } catch (error) {
      put({ isDrawing: false, problem: signal.aborted ? null : textOfError(error) });
    }
  }
  show({ numDraws: view.value.numDraws + 1 });
}
