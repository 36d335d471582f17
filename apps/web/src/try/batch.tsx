import { useSignal } from "@preact/signals";
import type { Answerer } from "@tutti/model";
import { Said } from "../saying/said.tsx";
import { textOfError } from "../saying/spoken.ts";
import type { Text } from "../saying/text.ts";
import { words } from "../words/words.ts";
import { classesOf, nameOf } from "./answers.tsx";
import { askBatch, type BatchAnswers } from "./askBatch.ts";
import { BatchColumnsForm } from "./batchColumns.tsx";
import { type BatchColumns, type BatchFile, batchTexts } from "./batchFile.ts";
import { BatchResult } from "./batchResult.tsx";
import type { TryController } from "./tryController.ts";
import { answerersOf, type TryView } from "./tryView.ts";

/** Of a task whose answers are texts, which has none. */
const plainFields = { text: "text", textB: null, label: "label", owner: null };

interface BatchProps {
  readonly view: TryView;
  readonly controller: Pick<TryController, "asker">;
}

interface Chosen {
  readonly file: BatchFile;
  readonly columns: BatchColumns;
}

/** Many texts from a file: answers, and where the file has right answers how often the model is right. */
export function Batch({ view, controller }: BatchProps) {
  const chosen = useSignal<Chosen | null>(null);
  const problem = useSignal<Text | null>(null);
  const who = useSignal<Answerer | null>(null);
  const answers = useSignal<BatchAnswers | null>(null);
  const stop = useSignal<AbortController | null>(null);
  const { loading } = view;
  if (loading.kind !== "ready") return null;
  const { task } = loading.ready;
  const classes = classesOf(loading.ready);
  const answerers = answerersOf(view);
  const of =
    who.value !== null && answerers.includes(who.value) ? who.value : (answerers.at(answerers.includes("own") ? -2 : -1) ?? "before");
  const texts = chosen.value === null ? [] : batchTexts(chosen.value.file.rows, chosen.value.columns, classes);

  async function choose(file: File | undefined): Promise<void> {
    stop.value?.abort();
    [chosen.value, answers.value, problem.value] = [null, null, null];
    if (file === undefined) return;
    try {
      const { guessBatchColumns, readBatchFile } = await import("./batchFile.ts");
      const read = await readBatchFile(file);
      chosen.value = {
        file: read,
        columns: guessBatchColumns(read, task.kind === "classification" ? task : { classes, fields: plainFields }),
      };
    } catch (error) {
      problem.value = textOfError(error);
    }
  }

  async function ask(): Promise<void> {
    const asker = controller.asker();
    if (asker === null || chosen.value === null) return;
    stop.value = new AbortController();
    problem.value = null;
    try {
      for await (const some of askBatch(asker, texts, of, stop.value.signal))
        answers.value = { ...some, isWhole: some.answers.length === texts.length };
    } catch (error) {
      if (!stop.value.signal.aborted) problem.value = textOfError(error);
    } finally {
      stop.value = null;
    }
  }

  return (
    <section class="card batch" aria-labelledby="batch-title">
      <h2 id="batch-title">{words.tryBatch.title}</h2>
      <p class="soft small">{words.tryBatch.note}</p>
      <label class="batch-file">
        <span class="visually-hidden">{words.tryBatch.file}</span>
        <input
          class="file"
          type="file"
          accept=".csv,.tsv,.jsonl,.ndjson"
          data-testid="batch-file"
          onChange={(event) => void choose(event.currentTarget.files?.[0])}
        />
      </label>
      {problem.value !== null && (
        <div class="notice bad" role="alert" data-testid="batch-problem">
          <p>
            <Said {...problem.value} />
          </p>
        </div>
      )}
      {chosen.value !== null && (
        <>
          {chosen.value.file.notes.map((note) => (
            <p key={note} class="soft small">
              {note}
            </p>
          ))}
          <BatchColumnsForm
            file={chosen.value.file}
            columns={chosen.value.columns}
            answerers={answerers.map((one) => ({ of: one, name: nameOf(one, view) }))}
            of={of}
            onColumns={(columns) => {
              if (chosen.value !== null) chosen.value = { ...chosen.value, columns };
              answers.value = null;
            }}
            onAnswerer={(next) => {
              who.value = next;
              answers.value = null;
            }}
          />
          {chosen.value.file.rows.length > texts.length && (
            <p class="soft small">{words.tryBatch.skipped(chosen.value.file.rows.length - texts.length)}</p>
          )}
          <div class="actions">
            {stop.value === null ? (
              <button class="button" type="button" data-testid="batch-start" disabled={texts.length === 0} onClick={() => void ask()}>
                {words.tryBatch.start(texts.length)}
              </button>
            ) : (
              <>
                <button class="button" type="button" data-testid="batch-stop" onClick={() => stop.value?.abort()}>
                  {words.tryBatch.stop}
                </button>
                <progress class="bar" aria-label={words.tryBatch.progress} value={answers.value?.answers.length ?? 0} max={texts.length} />
                <span class="soft small">{words.tryBatch.progressText(answers.value?.answers.length ?? 0, texts.length)}</span>
              </>
            )}
          </div>
          {answers.value !== null && (stop.value === null || answers.value.isWhole) && (
            <BatchResult texts={texts} answers={answers.value.answers} classes={classes} fileName={chosen.value.file.name} />
          )}
        </>
      )}
    </section>
  );
}
