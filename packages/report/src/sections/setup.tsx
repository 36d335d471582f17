/** @jsxRuntime automatic */
/** @jsxImportSource preact */
import { formatNumber, isTextMetric } from "@tutti/core";
import type { ExperimentResult, Grid } from "@tutti/record";
import { type Cell, FoldedJson, List, prose, Remarks, Table } from "../elements.tsx";
import { commandOf, provenanceText, usageTextOf } from "../provenance.ts";
import { runName } from "../sentences/runs.ts";
import { commandLead, filesNote, labelWordsNote, rateCaption, sourceText } from "../sentences/setup.ts";
import { definitionNotes, definitionsOf, labelWordsOf, labelWordsSeen, rateLines, splitTexts } from "../tasks.ts";
import { capital } from "../text.ts";
import { hasClasses } from "../textScores.ts";
import { failureHeads, faultKinds, metricNames, rateHeads, settingsSummaries, taskHeads, titles } from "../words.ts";

interface Of {
  readonly result: ExperimentResult;
}

/** Where the label words stand among `taskHeads`. */
const wordColumns: readonly number[] = [2, 3];

/** The tasks, what is on record of their label words and splits. */
export function TaskSection({ result, grid }: Of & { readonly grid: Grid }) {
  const { runs } = result;
  const names = [...new Set(grid.columns.map(({ task }) => task))];
  const backbones = [...new Set(runs.map(({ settings }) => settings.backbone))];
  const lines = names.map((task) => {
    const metric = runs.find((run) => run.task === task)?.metric;
    const isOfTexts = metric !== undefined && isTextMetric(metric);
    const seen = isOfTexts
      ? ""
      : backbones.map((backbone) => `${backbones.length > 1 ? `${backbone}: ` : ""}${labelWordsSeen(backbone, task)}`).join("; ");
    const cells: (string | Cell)[] = [task, prose(metric === undefined ? "" : metricNames[metric]), prose(labelWordsOf(task)), prose(seen)];
    return { cells, rows: splitTexts(result, task, names).join(" ") };
  });
  const hasRows = lines.some(({ rows }) => rows !== "");
  const hasWords = hasClasses(grid.columns);
  const shown = <T,>(cells: readonly T[]) =>
    cells.filter((_, index) => (hasWords || !wordColumns.includes(index)) && (hasRows || index < 4));
  return (
    <>
      <Table
        caption={titles.tasks}
        isTitledAbove
        head={shown(taskHeads).map((head, index) => (index === 0 ? head : prose(head)))}
        lines={lines.map(({ cells, rows }) => ({ cells: shown([...cells, prose(rows)]) }))}
      />
      {hasWords ? <Remarks texts={[labelWordsNote(backbones)]} /> : null}
    </>
  );
}

/** What the methods are, with publications and deviations, and the prompts that were trained before. */
export function DefinitionSection({ result }: Of) {
  const sources = (result.sources ?? []).map(sourceText);
  const notes = definitionNotes(result.runs);
  return (
    <>
      {notes.length === 0 ? null : <p>{notes.join(" ")}</p>}
      <dl>
        {definitionsOf(result.runs).map(({ title, publication, deviations }) => (
          <div key={title}>
            <dt>{title}</dt>
            {publication === null ? null : (
              <dd>
                {publication.authors}: <a href={publication.link}>{publication.title}</a>, {publication.venue} {publication.year}.
              </dd>
            )}
            {deviations.length === 0 ? null : (
              <dd>
                <List sentences={deviations} />
              </dd>
            )}
          </div>
        ))}
      </dl>
      {sources.length === 0 ? null : (
        <>
          <h3>{titles.sources}</h3>
          <List sentences={sources} />
        </>
      )}
    </>
  );
}

/** Rates that were tried, chosen on validation. */
export function RateSection({ result }: Of) {
  const lines = rateLines(result).map(([what, seed, numRows, tried, chosen]) => ({ cells: [what, seed, numRows, prose(tried), chosen] }));
  return <Table caption={rateCaption} head={rateHeads.map((head, index) => (index === 3 ? prose(head) : head))} lines={lines} />;
}

/** Faults that were injected on purpose. */
export function FaultSection({ result: { runs } }: Of) {
  const lines = runs.flatMap((run) => {
    const { faults } = run;
    if (faults === null) return [];
    const counts = faultKinds.map((kind) => `${faults.counts[kind]} (${formatNumber(faults.plan[kind])})`);
    return [{ cells: [runName(run), String(faults.plan.seed), ...counts] }];
  });
  return <Table caption={titles.faults} head={["run", "seed", ...faultKinds]} lines={lines} />;
}

/** Runs that failed, and why. */
export function FailureSection({ grid }: { readonly grid: Grid }) {
  const [run, why] = failureHeads;
  const lines = grid.failed.map((failed) => ({ cells: [runName(failed), prose(failed.error ?? "")] }));
  return <Table caption={titles.failures} head={[run, prose(why)]} lines={lines} />;
}

/** The command, and all that was set. */
export function ConfigurationSection({ result }: Of) {
  const [run] = result.runs;
  const isOne = Object.keys(result.experiment).length === 0;
  const command = commandOf(result);
  return (
    <>
      {command === null ? null : (
        <>
          <p>{commandLead}</p>
          <pre>
            <code>{command}</code>
          </pre>
        </>
      )}
      {isOne ? null : (
        <>
          <Remarks texts={[filesNote]} />
          <p>{`${capital(provenanceText(result))}. ${usageTextOf(result)}`}</p>
          <List sentences={result.notes} />
          <FoldedJson summary={settingsSummaries.experiment} value={result.experiment} isOpen />
        </>
      )}
      {run === undefined ? null : <FoldedJson summary={isOne ? settingsSummaries.run : settingsSummaries.firstRun} value={run.settings} />}
      {isOne && run?.parametersSha256 !== undefined ? <p class="soft">{`SHA-256 of the parameters: ${run.parametersSha256}`}</p> : null}
    </>
  );
}
