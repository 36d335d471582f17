import { formatNumber, isTextMetric, needsAnswers, type TextScores } from "@tutti/core";
import {
  type GridColumn,
  type RunRecord,
  type RunScores,
  type ScoreTable,
  type Summary,
  shownAnswers,
  type TextTable,
  textScoreNames,
  untunedScores,
} from "@tutti/record";
import { percentText, scoreText, summaryText, wholeText } from "./text.ts";
import { controlNames, textRows, textScoreTitles, untunedName } from "./words.ts";

/** Whether the answers of a run's task are texts. */
export const isOfTexts = ({ metric }: Pick<RunRecord, "metric">): boolean => isTextMetric(metric);

/** A score of texts; a perplexity has four digits wherever its comma is. */
function textScore(name: keyof TextScores, value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  return name.startsWith("perplexity") ? formatNumber(value) : scoreText(value);
}

/** Every score of one run's texts, a line each, in the order of `textRunHeads`: the protocols, and the backbone alone. */
export function textRunLines(run: RunRecord): string[][] {
  const { final, best } = run;
  const untuned = untunedScores(run);
  const columns: readonly (RunScores | undefined)[] = [final.personalised, final.global, final.newcomer, untuned, best?.scores.global];
  const coverage = coverages(run);
  return [
    ...textScoreNames.map((name) => [textScoreTitles[name], ...columns.map((scores) => textScore(name, scores?.text?.[name]))]),
    [textRows.texts, ...columns.map((scores) => wholeText(scores?.text?.numExamples))],
    [textRows.generated, ...columns.map((scores) => wholeText(scores?.text?.numGenerated))],
    [textRows.coverage, ...columns.map((scores, at) => (scores === undefined ? "–" : (coverage[at] ?? "–")))],
  ];
}

/** Devices that answered, of all, in the order of the columns. */
function coverages({ curve, best }: RunRecord): (string | undefined)[] {
  const of = (protocol: string, round?: number) => {
    const found = curve.findLast(
      (point) => point.protocol === protocol && point.split === "test" && point.round === (round ?? point.round),
    );
    return found === undefined ? undefined : percentText(found.coverage);
  };
  return [of("personalised"), of("global"), of("newcomer"), of("zeroShot"), of("global", best?.round)];
}

/** A line of a table of texts: a method, or the backbone alone. */
export interface TextLine {
  readonly name: string;
  readonly cells: readonly string[];
  readonly isControl: boolean;
}

/** The lines of a table of texts, scores in the order of `textTableHeads`. */
export function textLines({ rows, untuned }: TextTable): TextLine[] {
  const cellsOf = (cells: TextTable["rows"][number]["cells"]) => textScoreNames.map((name) => meanText(name, cells[name]));
  const lines = rows.map(({ row, cells }) => ({ name: row.label, cells: cellsOf(cells), isControl: row.isControl }));
  const alone = untuned === null ? [] : [{ name: untunedName, cells: cellsOf(untuned), isControl: true }];
  return [...lines.filter(({ isControl }) => !isControl), ...alone, ...lines.filter(({ isControl }) => isControl)];
}

function meanText(name: keyof TextScores, summary: Summary | null): string {
  if (summary === null || !name.startsWith("perplexity")) return summaryText(summary);
  const { mean, stdDev } = summary;
  return stdDev === null ? textScore(name, mean) : `${textScore(name, mean)} ±\u00a0${formatNumber(stdDev)}`;
}

/** Whether there is a task with classes among the columns: of texts alone there is neither a commonest class nor a label word. */
export const hasClasses = (columns: readonly Pick<GridColumn, "metric">[]): boolean => columns.some(({ metric }) => !isTextMetric(metric));

/** The lines of a table's controls, by what they are called there. */
export function controlLines({ columns, controls }: ScoreTable): { readonly name: string; readonly cells: readonly (number | null)[] }[] {
  if (hasClasses(columns)) return controls.map(({ control, cells }) => ({ name: controlNames[control], cells }));
  return controls.filter(({ control }) => control === "zeroShot").map(({ cells }) => ({ name: untunedName, cells }));
}

/** Whether the report of a run shows answers, or says how to get them: its main score compares some, or there are some. */
export const hasAnswers = ({ metric, steps = [] }: Pick<RunRecord, "metric" | "steps">): boolean =>
  needsAnswers(metric) || shownAnswers(steps) !== null;
