import { useSignal } from "@preact/signals";
import { words } from "../words/words.ts";

interface CodeWordFormProps {
  readonly isWrong: boolean;
  readonly onWord: (word: string) => void;
}

/** For a run that not everybody may watch. */
export function CodeWordForm({ isWrong, onWord }: CodeWordFormProps) {
  const word = useSignal("");
  return (
    <form
      class="card"
      onSubmit={(event) => {
        event.preventDefault();
        onWord(word.value.trim());
      }}
    >
      <label class="field">
        <strong>{words.stage.codeWord}</strong>
        <input
          type="text"
          autocomplete="off"
          value={word.value}
          aria-invalid={isWrong}
          onInput={(event) => {
            word.value = event.currentTarget.value;
          }}
          data-testid="code-word"
        />
      </label>
      <button type="submit" class="button primary" disabled={word.value.trim() === ""}>
        {words.stage.watch}
      </button>
    </form>
  );
}
