/** @jsxRuntime automatic */
/** @jsxImportSource preact */
import { formatCount } from "@tutti/core";
import {
  type Analysis,
  type ExperimentResult,
  type RunRecord,
  reportedProtocols,
  type ScoreCell,
  type ScoreTable,
  type SpreadCell,
  type SpreadTable,
  textTables,
} from "@tutti/record";
import { type Cell, type Line, Remarks, Table } from "../elements.tsx";
import { scoreLines, spreadLines } from "../runTable.ts";
import { scoreRemarks, skippedText } from "../sentences/runs.ts";
import {
  aheadText,
  scoreNotes,
  scoresCaption,
  spreadCaption,
  spreadNote,
  tableTitle,
  textCaption,
  textNotes,
  zeroShotNote,
} from "../sentences/scores.ts";
import { labelWordsIn } from "../tasks.ts";
import { capital, fewerSeedsText, scoreText, summaryText, textsText, wholeText, withRemarks } from "../text.ts";
import { controlLines, hasClasses, isOfTexts, textLines, textRunLines } from "../textScores.ts";
import { labelWordsRow, metricNames, runHeads, spreadHeadsOf, textRunHeads, textTableHeads, titles } from "../words.ts";

/** Whether a mean of these tables is bold. */
export const isAnyBold = (tables: readonly ScoreTable[]) =>
  tables.some(({ rows }) => rows.some(({ cells }) => cells.some(({ isBest }) => isBest)));

/** Methods × tasks under every protocol, after the last round and in the round chosen on validation. */
export function ScoreSection({ result, analysis: { grid, tables } }: { readonly result: ExperimentResult; readonly analysis: Analysis }) {
  const blocks = reportedProtocols
    .map((protocol) => ({ protocol, shown: tables.filter((table) => table.protocol === protocol) }))
    .filter(({ shown }) => shown.length > 0);
  return (
    <>
      <Remarks texts={scoreNotes(isAnyBold(tables))} />
      {blocks.map(({ protocol, shown }) => (
        <div key={protocol}>
          <h3>{capital(protocol)}</h3>
          <div class="pair">
            {shown.map((table) => (
              <Scores key={table.moment} table={table} backbone={result.runs[0]?.settings.backbone ?? ""} />
            ))}
          </div>
        </div>
      ))}
      <TextTables grid={grid} />
    </>
  );
}

/** Every score of the tasks whose answers are texts. */
function TextTables({ grid }: Pick<Analysis, "grid">) {
  const tables = textTables(grid);
  if (tables.length === 0) return null;
  return (
    <>
      {tables.map((table) => (
        <Table
          key={`${table.column.key} ${table.protocol}`}
          caption={textCaption(table.column.label, table.protocol, textsText(table.texts))}
          head={textTableHeads}
          lines={textLines(table).map(({ name, cells, isControl }) => ({ cells: [name, ...cells], isControl }))}
          isScores
        />
      ))}
      <Remarks texts={textNotes} />
    </>
  );
}

function Scores({ table, backbone }: { readonly table: ScoreTable; readonly backbone: string }) {
  const { columns, rows, numSeeds, texts } = table;
  const metrics = [...new Set(columns.map(({ metric }) => metric))];
  const heads = columns.map(({ label, metric }, index) =>
    withRemarks(label, [metrics.length === 1 ? null : metricNames[metric], textsText(texts[index] ?? null)]),
  );
  const line = ({ row, cells }: ScoreTable["rows"][number]): Line => ({
    cells: [row.label, ...cells.map((cell) => scoreCell(cell, numSeeds))],
    isControl: row.isControl,
  });
  const lines: Line[] = [
    ...rows.filter(({ row }) => !row.isControl).map(line),
    ...controlLines(table).map(({ name, cells }) => ({ cells: [name, ...cells.map(scoreText)], isControl: true })),
    ...rows.filter(({ row }) => row.isControl).map(line),
    ...(hasClasses(columns)
      ? [{ cells: [labelWordsRow, ...columns.map((column) => labelWordsIn(backbone, column))], isControl: true }]
      : []),
  ];
  return <Table caption={scoresCaption(tableTitle(table), metrics)} head={["method", ...heads]} lines={lines} isScores />;
}

function scoreCell({ summary, isBest, behindTop }: ScoreCell, numSeeds: number): Cell {
  const text = `${summaryText(summary)}${fewerSeedsText(summary, numSeeds)}`;
  if (summary === null) return { text };
  const seeds = formatCount(summary.count, "seed");
  if (behindTop === null) return { text, isBold: isBest, hint: seeds };
  return { text: `${behindTop.isTie ? "≈ " : ""}${text}`, hint: `${seeds}; ${aheadText(behindTop)}` };
}

/** How far the devices of each method lie apart. */
export function SpreadSection({ spread: { columns, rows } }: { readonly spread: SpreadTable }) {
  const tables = columns.flatMap((column, index) => {
    const lines = rows.flatMap(({ row, cells }) => (cells[index] == null ? [] : [spreadLine(row.label, row.isControl, cells[index])]));
    return lines.length === 0
      ? []
      : [<Table key={column.key} caption={spreadCaption(column.label)} head={spreadHeadsOf(column.metric)} lines={lines} />];
  });
  return (
    <>
      <div class="pair">{tables}</div>
      <Remarks texts={[spreadNote]} />
    </>
  );
}

function spreadLine(label: string, isControl: boolean, { mean, worstTenth, meanLoss, worstTenthLoss, devices }: SpreadCell): Line {
  const { least, most } = devices;
  const numDevices = least === most ? wholeText(most) : `${wholeText(least)} to ${wholeText(most)}`;
  return { cells: [label, ...[mean, worstTenth, meanLoss, worstTenthLoss].map(summaryText), numDevices], isControl };
}

/** Every way of evaluating one run, beside its controls. */
export function RunScoreSection({ run }: { readonly run: RunRecord }) {
  const spread = spreadLines(run);
  return (
    <>
      {isOfTexts(run) ? <RunTexts run={run} /> : <RunClasses run={run} />}
      {spread.length === 0 ? null : (
        <>
          <Table caption={titles.spread} head={runHeads.spread} lines={spread.map((cells) => ({ cells }))} />
          <Remarks texts={[spreadNote]} />
        </>
      )}
    </>
  );
}

function RunClasses({ run }: { readonly run: RunRecord }) {
  const lines = scoreLines(run).map((cells) => ({ cells }));
  return (
    <>
      <Table caption={scoresCaption(titles.scores, ["accuracy", "macroF1"])} head={runHeads.scores} lines={lines} />
      <Remarks texts={[`${capital(zeroShotNote)}.`, ...scoreRemarks(run)]} />
    </>
  );
}

function RunTexts({ run }: { readonly run: RunRecord }) {
  const lines = textRunLines(run).map((cells) => ({ cells }));
  return (
    <>
      <Table caption={titles.scores} head={textRunHeads} lines={lines} isTitledAbove isScores />
      <Remarks texts={[...textNotes, ...[skippedText(run) ?? []].flat()]} />
    </>
  );
}
