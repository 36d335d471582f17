import { useSignal } from "@preact/signals";
import { words } from "../words/words.ts";
import { classesOf } from "./answers.tsx";
import type { TryController } from "./tryController.ts";
import type { TryView } from "./tryView.ts";

interface CorrectionProps {
  readonly view: TryView;
  readonly controller: Pick<TryController, "addOwn">;
}

/** Adds the text that stands there to this browser's own examples, with the answer that is right; nothing is sent. */
export function Correction({ view, controller }: CorrectionProps) {
  const said = useSignal<{ readonly text: string; readonly sentence: string } | null>(null);
  const { loading, answered } = view;
  if (loading.kind !== "ready" || answered === null) return null;
  const { text } = answered.question;
  const add = (label: number, name: string): void => {
    const say = (sentence: string): void => {
      said.value = { text, sentence };
    };
    controller.addOwn(label).then(
      () => say(words.tryCorrection.added(name)),
      () => say(words.tryCorrection.failed),
    );
  };
  return (
    <section class="card correction" data-testid="correction" aria-labelledby="correction-title">
      <h2 id="correction-title">{words.tryCorrection.title}</h2>
      <p class="soft small">{words.tryCorrection.note}</p>
      <div class="actions">
        <span>{words.tryCorrection.addAs}</span>
        {classesOf(loading.ready).map((name, label) => (
          <button key={name} type="button" class="button small-button" data-testid={`correct-${label}`} onClick={() => add(label, name)}>
            {name}
          </button>
        ))}
      </div>
      <p class="small soft" role="status">
        {said.value?.text === text ? said.value.sentence : ""}
      </p>
    </section>
  );
}
