import { useSignal } from "@preact/signals";
import type { Example } from "@tutti/data";
import { words } from "../words/words.ts";
import {
  type ColumnChoice,
  guessColumns,
  guessMapping,
  type LabelMapping,
  labelsIn,
  maxLabels,
  type ReadTask,
  takeRows,
} from "./columns.ts";
import type { SheetTable } from "./readTable.ts";

interface SheetImportProps {
  readonly name: string;
  readonly sheet: SheetTable;
  readonly task: ReadTask;
  /** The most examples that still fit. */
  readonly room: number;
  readonly onHeader: (hasHeader: boolean) => void;
  readonly onTake: (examples: readonly Example[]) => void;
  readonly onCancel: () => void;
}

/** Asks which columns hold text and label, and which class each label means. Nothing is added before the button. */
export function SheetImport({ name, sheet, task, room, onHeader, onTake, onCancel }: SheetImportProps) {
  const choice = useSignal<ColumnChoice>(guessColumns(sheet, task));
  const labels = choice.value.label === null ? [] : labelsIn(sheet.rows, choice.value.label);
  const corrected = useSignal<LabelMapping>(new Map());
  const mapping = new Map([...guessMapping(labels, task.classes), ...[...corrected.value].filter(([label]) => labels.includes(label))]);
  const { examples, leftOut } = takeRows(sheet, choice.value, mapping);
  const problem = problemOf({ sheet, choice: choice.value, labels, numTaken: examples.length, room });
  const columns: readonly (keyof ColumnChoice)[] = task.fields.textB === null ? ["text", "label"] : ["text", "textB", "label"];
  return (
    <section class="sheet-import card" aria-labelledby="sheet-title" data-testid="sheet-import">
      <h2 id="sheet-title">{words.sheet.title(name, sheet.rows.length)}</h2>
      <div class="sheet-columns">
        {columns.map((use) => (
          <label key={use} class="field">
            <span class="small">{words.sheet.columnFor[use]}</span>
            <select
              value={choice.value[use] ?? ""}
              onChange={(event) => {
                const { value } = event.currentTarget;
                choice.value = { ...choice.value, [use]: value === "" ? null : value };
              }}
              data-testid={`column-${use}`}
            >
              <option value="">{words.sheet.noColumn}</option>
              {sheet.columns.map((column) => (
                <option key={column} value={column}>
                  {column}
                </option>
              ))}
            </select>
          </label>
        ))}
      </div>
      <label class="check small">
        <input
          type="checkbox"
          checked={sheet.hasHeader}
          onChange={(event) => onHeader(event.currentTarget.checked)}
          data-testid="has-header"
        />
        {words.sheet.hasHeader}
      </label>
      {labels.length > 0 && labels.length <= maxLabels && (
        <fieldset class="mapping" data-testid="mapping">
          <legend class="small">{words.sheet.mappingTitle}</legend>
          {labels.map((label) => (
            <label key={label} class="mapped">
              <span>{label}</span>
              <select
                value={mapping.get(label) ?? ""}
                onChange={(event) => {
                  const { value } = event.currentTarget;
                  corrected.value = new Map(corrected.value).set(label, value === "" ? null : Number(value));
                }}
              >
                <option value="">{words.sheet.leaveOut}</option>
                {task.classes.map((className, i) => (
                  <option key={className} value={i}>
                    {className}
                  </option>
                ))}
              </select>
            </label>
          ))}
        </fieldset>
      )}
      {[...sheet.notes, ...sheet.faults.slice(0, 3).map(({ message }) => message)].map((note) => (
        <p key={note} class="small soft">
          {note}
        </p>
      ))}
      <p class="small" role="status" data-testid="sheet-summary">
        {problem ?? words.sheet.leftOut({ ...leftOut, unreadable: sheet.faults.length })}
      </p>
      <div class="actions">
        <button type="button" class="button" disabled={problem !== null} onClick={() => onTake(examples)} data-testid="take-rows">
          {words.sheet.take(examples.length)}
        </button>
        <button type="button" class="button quiet" onClick={onCancel}>
          {words.sheet.cancel}
        </button>
      </div>
    </section>
  );
}

interface Judged {
  readonly sheet: SheetTable;
  readonly choice: ColumnChoice;
  readonly labels: readonly string[];
  readonly numTaken: number;
  readonly room: number;
}

/** Why nothing can be added as it stands; null where it can. */
function problemOf({ sheet, choice, labels, numTaken, room }: Judged): string | null {
  if (sheet.rows.length === 0) return words.sheet.noRows;
  if (choice.label === null || sheet.columns.length < 2) return words.sheet.noLabels;
  if (choice.text === choice.label) return words.sheet.sameColumn;
  if (labels.length > maxLabels) return words.sheet.tooManyLabels(labels.length);
  if (numTaken > room) return words.sheet.noRoom(numTaken, room);
  return numTaken === 0 ? words.sheet.nothingMapped : null;
}
