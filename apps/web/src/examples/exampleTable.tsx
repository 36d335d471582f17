import { useSignal } from "@preact/signals";
import { words } from "../words/words.ts";
import { countsByClass, type OwnExample, type OwnExamples } from "./ownExamples.ts";

interface ExampleTableProps {
  readonly table: Pick<OwnExamples, "rows" | "change" | "remove">;
  readonly classes: readonly string[];
  readonly isPair?: boolean;
}

const pageSize = 10;

/** The volunteer's table: each text and class can be corrected where it stands, each row deleted. */
export function ExampleTable({ table, classes, isPair = false }: ExampleTableProps) {
  const rows = table.rows.value;
  const page = useSignal(0);
  const lastPage = Math.max(0, Math.ceil(rows.length / pageSize) - 1);
  const shown = Math.min(page.value, lastPage);
  const turn = (to: number): void => {
    page.value = to;
  };
  if (rows.length === 0) return null;
  return (
    <div class="example-table stack" data-testid="own-file-preview">
      <p class="small" role="status" data-testid="class-counts">
        {words.examplesEditor.counts(
          rows.length,
          countsByClass(rows, classes).map((count, i) => ({ name: classes[i] ?? "", count })),
        )}
      </p>
      {new Set(rows.map(({ label }) => label)).size === 1 && rows.length > 1 && (
        <p class="small notice" data-testid="one-class">
          {words.examplesEditor.oneClass(classes[rows[0]?.label ?? 0] ?? "")}
        </p>
      )}
      <ol class="example-rows" start={shown * pageSize + 1}>
        {rows.slice(shown * pageSize, (shown + 1) * pageSize).map((row, i) => (
          <ExampleRow key={row.id} row={row} number={shown * pageSize + i + 1} {...{ table, classes, isPair }} />
        ))}
      </ol>
      {lastPage > 0 && (
        <div class="actions pager">
          <button type="button" class="button quiet" disabled={shown === 0} onClick={() => turn(shown - 1)}>
            {words.examplesEditor.previous}
          </button>
          <span class="small figures">{words.examplesEditor.page(shown + 1, lastPage + 1)}</span>
          <button type="button" class="button quiet" disabled={shown === lastPage} onClick={() => turn(shown + 1)}>
            {words.examplesEditor.next}
          </button>
        </div>
      )}
    </div>
  );
}

interface ExampleRowProps extends ExampleTableProps {
  readonly row: OwnExample;
  readonly number: number;
}

function ExampleRow({ row, number, table, classes, isPair }: ExampleRowProps) {
  /** An empty field is no text: the row keeps the one it had. */
  const correct = (field: HTMLTextAreaElement, name: "text" | "textB"): void => {
    const typed = field.value.trim();
    if (typed === "") field.value = row[name] ?? "";
    else table.change(row.id, { [name]: typed });
  };
  return (
    <li class="example-row">
      <div class="example-texts">
        <textarea
          rows={1}
          aria-label={words.examplesEditor.textOf(number)}
          value={row.text}
          onChange={(event) => correct(event.currentTarget, "text")}
        />
        {isPair === true && (
          <textarea
            rows={1}
            aria-label={words.examplesEditor.secondTextOf(number)}
            value={row.textB ?? ""}
            onChange={(event) => correct(event.currentTarget, "textB")}
          />
        )}
      </div>
      <select
        aria-label={words.examplesEditor.classOf(number)}
        value={row.label}
        onChange={(event) => table.change(row.id, { label: Number(event.currentTarget.value) })}
      >
        {classes.map((name, i) => (
          <option key={name} value={i}>
            {name}
          </option>
        ))}
      </select>
      <button type="button" class="button icon" aria-label={words.examplesEditor.remove(number)} onClick={() => table.remove(row.id)}>
        <span aria-hidden="true">×</span>
      </button>
    </li>
  );
}
