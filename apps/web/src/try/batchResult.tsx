import { confusionOf } from "@tutti/core";
import { words } from "../words/words.ts";
import { answersCsv, type BatchText } from "./batchFile.ts";
import { ConfusionMatrix } from "./confusionMatrix.tsx";
import { saveAs } from "./download.ts";

interface BatchResultProps {
  readonly texts: readonly BatchText[];
  /** Of the first texts, or of all. */
  readonly answers: readonly (readonly number[])[];
  readonly classes: readonly string[];
  readonly fileName: string;
}

const maxShown = 25;

/** How often the model is right, the answers, and the way to take them along. */
export function BatchResult({ texts, answers, classes, fileName }: BatchResultProps) {
  const answered = answers.map((shares) => shares.indexOf(Math.max(...shares)));
  const labelled = texts.slice(0, answers.length).flatMap(({ label }, index) => {
    const found = answered[index];
    return label === null || label === -1 || found === undefined ? [] : [{ label, found }];
  });
  const numUnknown = texts.filter(({ label }) => label === -1).length;
  const confusion = confusionOf(
    labelled.map(({ label }) => label),
    labelled.map(({ found }) => found),
    classes.length,
  );
  const numRight = labelled.filter(({ label, found }) => label === found).length;
  const save = () => saveAs(`${fileName.replace(/\.\w+$/, "")}-answers.csv`, answersCsv(texts, answers, classes), "text/csv;charset=utf-8");
  return (
    <div class="batch-result" data-testid="batch-result">
      {labelled.length > 0 && (
        <>
          <p class="score-line" data-testid="batch-accuracy">
            {words.tryBatch.accuracy(numRight, labelled.length)}
          </p>
          <ConfusionMatrix confusion={confusion} classes={classes} />
        </>
      )}
      {numUnknown > 0 && <p class="soft small">{words.tryBatch.unlabelled(numUnknown, classes.join(", "))}</p>}
      <div class="actions">
        <button class="button" type="button" data-testid="batch-download" onClick={save}>
          {words.tryBatch.download}
        </button>
      </div>
      <AnswerTable texts={texts} answers={answers} classes={classes} />
      {answers.length > maxShown && <p class="soft small">{words.tryBatch.shown(maxShown, answers.length)}</p>}
    </div>
  );
}

function AnswerTable({ texts, answers, classes }: Omit<BatchResultProps, "fileName">) {
  const isLabelled = texts.some(({ label }) => label !== null);
  const { heads } = words.tryBatch;
  return (
    <div class="answer-table">
      <table>
        <caption class="visually-hidden">{words.tryBatch.tableTitle}</caption>
        <thead>
          <tr>
            <th scope="col">{heads.row}</th>
            <th scope="col">{heads.text}</th>
            <th scope="col">{heads.answer}</th>
            <th scope="col">{heads.share}</th>
            {isLabelled && <th scope="col">{heads.label}</th>}
          </tr>
        </thead>
        <tbody>
          {answers.slice(0, maxShown).map((shares, index) => {
            const { line, text = "", textB, label = null } = texts[index] ?? {};
            const share = Math.max(...shares);
            const found = shares.indexOf(share);
            return (
              <tr key={line} class={label === null || label === found ? undefined : "is-wrong"}>
                <td class="row-number">{line}</td>
                <td class="answer-text">{textB === undefined ? text : `${text} | ${textB}`}</td>
                <td>{classes[found]}</td>
                <td class="number">{words.formats.percent(share)}</td>
                {isLabelled && <td>{label === null ? "" : rightText(classes[label], label === found)}</td>}
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

function rightText(name: string | undefined, isRight: boolean): string {
  return `${name ?? "?"}, ${isRight ? words.tryBatch.right : words.tryBatch.wrong}`;
}
