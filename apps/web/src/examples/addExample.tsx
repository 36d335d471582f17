import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { words } from "../words/words.ts";
import type { OwnExamples } from "./ownExamples.ts";

interface AddExampleProps {
  readonly table: Pick<OwnExamples, "add">;
  /** The run's classes, in their order. */
  readonly classes: readonly string[];
  /** Whether each example is a pair of texts. */
  readonly isPair?: boolean;
}

/** A text and the class it belongs to: the class's button adds it, and the next can be typed at once. */
export function AddExample({ table, classes, isPair = false }: AddExampleProps) {
  const [text, textB] = [useSignal(""), useSignal("")];
  const said = useSignal("");
  const field = useRef<HTMLTextAreaElement>(null);
  function add(label: number): void {
    const typed = text.value.trim();
    const second = textB.value.trim();
    const isWhole = typed !== "" && (!isPair || second !== "");
    said.value = isWhole ? words.examplesEditor.added(classes[label] ?? "") : words.examplesEditor.typeFirst;
    field.current?.focus();
    if (!isWhole) return;
    table.add([{ text: typed, label, ...(isPair ? { textB: second } : {}) }]);
    text.value = "";
    textB.value = "";
  }
  return (
    <fieldset class="add-example" data-testid="add-example">
      <legend>{words.examplesEditor.typeTitle}</legend>
      <label class="field">
        <span class="small">{isPair ? words.examplesEditor.firstText : words.examplesEditor.text}</span>
        <textarea
          ref={field}
          rows={2}
          value={text.value}
          maxLength={maxTypedCharacters}
          onInput={(event) => {
            text.value = event.currentTarget.value;
          }}
          data-testid="example-text"
        />
      </label>
      {isPair && (
        <label class="field">
          <span class="small">{words.examplesEditor.secondText}</span>
          <textarea
            rows={2}
            value={textB.value}
            maxLength={maxTypedCharacters}
            onInput={(event) => {
              textB.value = event.currentTarget.value;
            }}
            data-testid="example-text-b"
          />
        </label>
      )}
      <div class="class-buttons">
        <span class="small soft">{words.examplesEditor.addAs}</span>
        {classes.map((name, label) => (
          <button
            key={name}
            type="button"
            class="button"
            aria-label={words.examplesEditor.addAsClass(name)}
            onClick={() => add(label)}
            data-testid={`add-as-${label}`}
          >
            {name}
          </button>
        ))}
      </div>
      <p class="small soft said" role="status">
        {said.value}
      </p>
    </fieldset>
  );
}

const maxTypedCharacters = 5000;
