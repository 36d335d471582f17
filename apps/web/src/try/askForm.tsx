import { words } from "../words/words.ts";
import { maxText } from "./link.ts";
import type { TryController } from "./tryController.ts";
import type { TryView } from "./tryView.ts";

interface AskFormProps {
  readonly view: TryView;
  readonly controller: Pick<TryController, "type" | "useExample">;
}

/** The text that is asked about, written on staves; of a pair both. */
export function AskForm({ view: { question, examples }, controller }: AskFormProps) {
  const { text, textB } = question;
  return (
    <form class="ask" onSubmit={(event) => event.preventDefault()}>
      <TextField
        id="try-text"
        label={words.tryPage.yourText}
        value={text}
        testId="text"
        onInput={(value) => controller.type({ text: value, textB })}
      />
      {textB !== null && (
        <TextField
          id="try-text-b"
          label={words.tryPage.secondText}
          value={textB}
          testId="text-b"
          onInput={(value) => controller.type({ text, textB: value })}
        />
      )}
      {examples.length > 0 && (
        <button class="button quiet" type="button" data-testid="example" onClick={controller.useExample}>
          {words.tryPage.example}
        </button>
      )}
    </form>
  );
}

interface TextFieldProps {
  readonly id: string;
  readonly label: string;
  readonly value: string;
  readonly testId: string;
  readonly onInput: (value: string) => void;
}

function TextField({ id, label, value, testId, onInput }: TextFieldProps) {
  return (
    <div class="written">
      <label for={id}>{label}</label>
      <textarea
        id={id}
        data-testid={testId}
        rows={2}
        maxLength={maxText}
        placeholder={words.tryPage.placeholder}
        spellcheck={false}
        value={value}
        onInput={(event) => onInput(event.currentTarget.value)}
      />
    </div>
  );
}
