import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { pageFolder } from "../join/pageFolder.ts";
import { words } from "../words/words.ts";
import { type OfferOutcome, offerExample, openOfferChannel } from "./offeredExamples.ts";

interface CorrectItProps {
  readonly text: string;
  readonly classes: readonly string[];
}

/** A sentence that was typed goes into the reader's own examples, with the label that it should have. */
export function CorrectIt({ text, classes }: CorrectItProps) {
  const outcome = useSignal<OfferOutcome | null>(null);
  useEffect(() => {
    outcome.value = null;
  }, [text]);
  async function offer(label: number): Promise<void> {
    const channel = openOfferChannel(pageFolder());
    outcome.value = await offerExample(channel, { text, label });
    channel.close();
  }
  return (
    <fieldset class="correct-it" data-testid="correct-it">
      <legend class="small">{words.classroom.correct}</legend>
      <div class="class-buttons">
        {classes.map((name, label) => (
          <button key={name} type="button" class="button note-button" onClick={() => void offer(label)} data-testid={`correct-as-${label}`}>
            {name}
          </button>
        ))}
      </div>
      <p class="small soft said" role="status" data-testid="corrected">
        {outcome.value === null ? "" : words.classroom.corrected[outcome.value]}
      </p>
    </fieldset>
  );
}
