import { useSignal } from "@preact/signals";
import type { ClassificationTask, Example } from "@tutti/data";
import { words } from "../words/words.ts";
import { AddExample } from "./addExample.tsx";
import { classOf, guessColumns, guessMapping, isPlain, labelsIn, takeRows } from "./columns.ts";
import { ExampleTable } from "./exampleTable.tsx";
import { type FileFault, faultBeforeReading, faultOfBytes, maxFileBytes } from "./fileFaults.ts";
import { maxOwnExamples, type OwnExamples } from "./ownExamples.ts";
import { readTable, type SheetTable } from "./readTable.ts";
import { SheetImport } from "./sheetImport.tsx";

interface ExamplesEditorProps {
  readonly table: OwnExamples;
  readonly task: ClassificationTask;
}

/** What was given, while it is asked what its columns mean. */
interface Given {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly sheet: SheetTable;
}

/** Where a volunteer types, pastes or reads examples: all of them come into one table, which stays in this browser. */
export function ExamplesEditor({ table, task }: ExamplesEditorProps) {
  const given = useSignal<Given | null>(null);
  const problem = useSignal<string | null>(null);
  const said = useSignal("");
  const { classes } = task;
  const isPair = task.fields.textB !== null;

  function sheetOf(name: string, bytes: Uint8Array, hasHeader?: boolean): SheetTable {
    const isData = (cells: readonly string[]) => cells.some((cell) => classOf(cell, classes) !== null || cell.length > maxNameLength);
    return readTable({ name, bytes, hasHeader, nameColumn: words.sheet.columnName, isData });
  }

  function take(examples: readonly Example[]): void {
    table.add(examples);
    said.value = words.examplesEditor.addedRows(examples.length);
    given.value = null;
  }

  /** Adds what leaves nothing to ask, and asks about the rest; what cannot be read changes nothing. */
  function read(name: string, bytes: Uint8Array): void {
    const sheet = sheetOf(name, bytes);
    const choice = guessColumns(sheet, task);
    const labels = choice.label === null ? [] : labelsIn(sheet.rows, choice.label);
    const taken = takeRows(sheet, choice, guessMapping(labels, classes));
    const hasRoom = table.rows.value.length + taken.examples.length <= maxOwnExamples;
    if (taken.examples.length > 0 && hasRoom && isPlain(sheet, choice, taken)) {
      take(taken.examples);
      said.value = [said.value, ...sheet.notes].join(" ");
    } else given.value = { name, bytes, sheet };
  }

  async function open(name: string, numBytes: number, bytesOf: () => Promise<Uint8Array>): Promise<void> {
    problem.value = null;
    said.value = "";
    given.value = null;
    try {
      const unopened = faultBeforeReading(name, numBytes);
      const bytes = unopened === null ? await bytesOf() : new Uint8Array();
      const fault = unopened ?? faultOfBytes(bytes);
      if (fault === null) read(name, bytes);
      else problem.value = sentences()[fault](name, numBytes, maxFileBytes);
    } catch (error) {
      problem.value = error instanceof Error ? error.message : String(error);
    }
  }

  const openFile = (file: File | undefined): void => {
    if (file !== undefined) void open(file.name, file.size, async () => new Uint8Array(await file.arrayBuffer()));
  };
  const openPaste = (text: string): void => {
    const bytes = new TextEncoder().encode(text);
    const isJson = text.trimStart().startsWith("{");
    void open(`${words.sheet.pasted}.${isJson ? "jsonl" : "tsv"}`, bytes.length, async () => bytes);
  };

  return (
    <div class="examples-editor stack" data-testid="examples-editor">
      <AddExample table={table} classes={classes} isPair={isPair} />
      <PasteBox onPaste={openPaste} />
      <label class="field file-field">
        <span class="small">{words.examplesEditor.fileTitle}</span>
        <input
          class="file"
          type="file"
          accept=".csv,.tsv,.jsonl,.ndjson"
          data-testid="own-file"
          onChange={(event) => {
            openFile(event.currentTarget.files?.[0]);
            event.currentTarget.value = ""; // the same file can be chosen again
          }}
        />
      </label>
      {problem.value !== null && (
        <div class="notice bad" role="alert" data-testid="own-file-problem">
          <p>{problem.value}</p>
        </div>
      )}
      {given.value !== null && (
        <SheetImport
          key={`${given.value.name}/${given.value.sheet.hasHeader}`}
          name={given.value.name}
          sheet={given.value.sheet}
          task={task}
          room={maxOwnExamples - table.rows.value.length}
          onHeader={(hasHeader) => {
            const { name, bytes } = given.value ?? { name: "", bytes: new Uint8Array() };
            given.value = { name, bytes, sheet: sheetOf(name, bytes, hasHeader) };
          }}
          onTake={take}
          onCancel={() => {
            given.value = null;
          }}
        />
      )}
      <p class="small soft said" role="status" data-testid="import-said">
        {said.value}
      </p>
      <ExampleTable table={table} classes={classes} isPair={isPair} />
      {table.rows.value.length > 0 && <Keeping table={table} />}
    </div>
  );
}

const sentences = (): Readonly<Record<FileFault, (name: string, numBytes: number, maxBytes: number) => string>> => words.fileProblems;

/** A first row with a longer cell holds an example, not names. */
const maxNameLength = 60;

function PasteBox({ onPaste }: { readonly onPaste: (text: string) => void }) {
  const text = useSignal("");
  return (
    <details class="paste">
      <summary>{words.examplesEditor.pasteTitle}</summary>
      <label class="field">
        <span class="small soft">{words.examplesEditor.pasteNote}</span>
        <textarea
          rows={4}
          value={text.value}
          onInput={(event) => {
            text.value = event.currentTarget.value;
          }}
          data-testid="paste"
        />
      </label>
      <button type="button" class="button" onClick={() => onPaste(text.value)} data-testid="read-paste">
        {words.examplesEditor.readPaste}
      </button>
    </details>
  );
}

/** Whether this browser keeps the table, and the button that deletes it. */
function Keeping({ table }: { readonly table: OwnExamples }) {
  return (
    <div class="keeping">
      <p class="small soft">{table.keeping.value === "notKept" ? words.examplesEditor.notKept : words.examplesEditor.kept}</p>
      <button type="button" class="button quiet" onClick={table.forget} data-testid="forget-examples">
        {words.examplesEditor.forget}
      </button>
    </div>
  );
}
