import type { Answerer } from "@tutti/model";
import { words } from "../words/words.ts";
import type { BatchColumns, BatchFile } from "./batchFile.ts";

interface BatchColumnsFormProps {
  readonly file: BatchFile;
  readonly columns: BatchColumns;
  readonly answerers: readonly { readonly of: Answerer; readonly name: string }[];
  readonly of: Answerer;
  readonly onColumns: (columns: BatchColumns) => void;
  readonly onAnswerer: (of: Answerer) => void;
}

/** Which columns hold the texts and the right answers, and who answers. */
export function BatchColumnsForm({ file, columns, answerers, of, onColumns, onAnswerer }: BatchColumnsFormProps) {
  const every = file.columns.map((name) => ({ value: name, name }));
  const none = { value: "", name: words.tryBatch.noColumn };
  return (
    <div class="batch-columns">
      <Choice
        label={words.tryBatch.textColumn}
        testId="batch-text"
        value={columns.text}
        options={every}
        onChoose={(text) => onColumns({ ...columns, text })}
      />
      {columns.textB !== null && (
        <Choice
          label={words.tryBatch.secondColumn}
          testId="batch-text-b"
          value={columns.textB}
          options={every}
          onChoose={(textB) => onColumns({ ...columns, textB })}
        />
      )}
      <Choice
        label={words.tryBatch.labelColumn}
        testId="batch-label"
        value={columns.label ?? ""}
        options={[none, ...every]}
        onChoose={(label) => onColumns({ ...columns, label: label === "" ? null : label })}
      />
      <Choice
        label={words.tryBatch.who}
        testId="batch-who"
        value={of}
        options={answerers.map(({ of: value, name }) => ({ value, name }))}
        onChoose={(value) => onAnswerer(value as Answerer)}
      />
    </div>
  );
}

interface ChoiceProps {
  readonly label: string;
  readonly testId: string;
  readonly value: string;
  readonly options: readonly { readonly value: string; readonly name: string }[];
  readonly onChoose: (value: string) => void;
}

function Choice({ label, testId, value, options, onChoose }: ChoiceProps) {
  return (
    <label class="stacked-field">
      {label}
      <select data-testid={testId} value={value} onChange={(event) => onChoose(event.currentTarget.value)}>
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.name}
          </option>
        ))}
      </select>
    </label>
  );
}
