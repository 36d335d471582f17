/** @jsxRuntime automatic */
/** @jsxImportSource preact */
import { type AttackTable, attackTables, type ExperimentResult, type Grid } from "@tutti/record";
import { accuracyLines, attackPlanLines, backdoorsIn, bestRuleLines, triggeredLines } from "../attackLines.ts";
import { prose, Remarks, Table } from "../elements.tsx";
import { attackCaptions, attackHeads, attackNotes, attackPlanHeads, bestRuleHeads } from "../sentences/attacks.ts";

/** What attacks come to under each rule, how often a trigger works, and who attacked how. */
export function AttackSection({ result, grid }: { readonly result: ExperimentResult; readonly grid: Grid }) {
  const plans = attackPlanLines(result.runs);
  const cellsOf = ([attack = "", attackers = "", what = "", devices = ""]: readonly string[]) => [
    attack,
    attackers,
    prose(what),
    prose(devices),
  ];
  return (
    <>
      {attackTables(result, grid).map((table) => (
        <AttackTables key={`${table.task} ${table.rows[0]?.key}`} table={table} result={result} />
      ))}
      <Table caption={attackCaptions.plans} head={attackPlanHeads} lines={plans.map((line) => ({ cells: cellsOf(line) }))} />
      <Remarks texts={attackNotes} />
    </>
  );
}

function AttackTables({ table, result: { runs } }: { readonly table: AttackTable; readonly result: ExperimentResult }) {
  const { task, rows } = table;
  const head = [...attackHeads, ...rows.map(({ label }) => label)];
  const triggered = triggeredLines(table, backdoorsIn(runs));
  const numTexts = runs.find((run) => run.task === task && run.correct !== null)?.correct?.length ?? null;
  return (
    <>
      <Table caption={attackCaptions.accuracy(task, numTexts)} head={head} lines={accuracyLines(table).map((cells) => ({ cells }))} />
      <Table caption={attackCaptions.best(task)} head={bestRuleHeads} lines={bestRuleLines(table).map((cells) => ({ cells }))} />
      {triggered.length === 0 ? null : (
        <Table caption={attackCaptions.triggered(task)} head={head} lines={triggered.map((cells) => ({ cells }))} />
      )}
    </>
  );
}
