/** @jsxRuntime automatic */
/** @jsxImportSource preact */
import { type Analysis, analyse, type ExperimentResult, fleetTables, isAttacked, type RunRecord } from "@tutti/record";
import type { ComponentChildren } from "preact";
import { renderToString } from "preact-render-to-string";
import { Figures, List, Table } from "./elements.tsx";
import { runFigures } from "./figures/runFigures.ts";
import { findings } from "./findings.ts";
import { otherModelLines } from "./otherModels.ts";
import { caveats, provenanceText } from "./provenance.ts";
import { AnswerSection } from "./sections/answers.tsx";
import { AttackSection } from "./sections/attacks.tsx";
import { CostSection, hasTradeoff, RunCostSection, TradeoffSection } from "./sections/costs.tsx";
import { CurveSection } from "./sections/curves.tsx";
import { FleetSection } from "./sections/fleets.tsx";
import { hasLayers, LayerSection, RunLayerSection } from "./sections/layers.tsx";
import { RunPlanSection } from "./sections/plans.tsx";
import { RunScoreSection, ScoreSection, SpreadSection } from "./sections/scores.tsx";
import { ConfigurationSection, DefinitionSection, FailureSection, FaultSection, RateSection, TaskSection } from "./sections/setup.tsx";
import { promptLines, promptSentence } from "./sentences/prompts.ts";
import { noScores, originText, positionText, runText } from "./sentences/runs.ts";
import { shortfalls } from "./shortfalls.ts";
import { timeText } from "./text.ts";
import { hasAnswers } from "./textScores.ts";
import { stylesheet } from "./theme.ts";
import { otherModelHeads, titles } from "./words.ts";

interface Section {
  readonly id: keyof typeof titles;
  /** Null where there is nothing to show. */
  readonly content: ComponentChildren;
}

/** A self-contained page about an experiment, or about one run, over or not: no script, no request, for phone, desk and paper, dark and light. */
export function renderPage(result: ExperimentResult, analysis = analyse(result)): string {
  const alone = runAlone(result);
  const sections = alone === null ? experimentSections(result, analysis) : runSections(result, analysis, alone);
  return `<!doctype html>\n${renderToString(<Page result={result} run={alone} sections={sections.filter(({ content }) => content !== null)} />)}\n`;
}

/** The run of a result that no experiment planned. */
function runAlone({ runs, experiment }: ExperimentResult): RunRecord | null {
  return Object.keys(experiment).length === 0 && runs.length === 1 ? (runs[0] ?? null) : null;
}

interface PageProps {
  readonly result: ExperimentResult;
  readonly run: RunRecord | null;
  readonly sections: readonly Section[];
}

function Page({ result, run, sections }: PageProps) {
  const position = run?.position;
  const about = run === null ? provenanceText(result) : `${runText(run)}. Run ${run.id}`;
  return (
    <html lang="en">
      <head>
        <meta charSet="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>{`Tutti: ${result.title}`}</title>
        <style>{stylesheet}</style>
      </head>
      <body>
        <header>
          <h1>{result.title}</h1>
          {result.question === "" ? null : <p>{result.question}</p>}
          {position === undefined ? null : (
            <div class="position">
              <p>{positionText(position)}</p>
              <progress value={position.numStepsDone} max={Math.max(1, position.numSteps)} aria-label={titles.progress} />
            </div>
          )}
          {run?.origin === undefined ? null : <p>{originText(run.origin)}</p>}
          <p class="soft">{`${result.startedAt === "" ? "" : `${timeText(result.startedAt)}, `}${about}.`}</p>
        </header>
        <nav aria-label={titles.sections}>
          <ul>
            {sections.map(({ id }) => (
              <li key={id}>
                <a href={`#${id}`}>{titles[id]}</a>
              </li>
            ))}
          </ul>
        </nav>
        <main>
          {sections.map(({ id, content }) => (
            <section key={id} id={id}>
              <h2>{titles[id]}</h2>
              {content}
            </section>
          ))}
        </main>
      </body>
    </html>
  );
}

function experimentSections(result: ExperimentResult, analysis: Analysis): Section[] {
  const { grid, tables, spread } = analysis;
  const { runs, rates } = result;
  const [others, missed, prompts] = [otherModelLines(grid), shortfalls(analysis, result), promptLines(runs)];
  return [
    { id: "findings", content: <List sentences={[...findings(result, analysis), ...caveats(result)]} /> },
    { id: "attacks", content: isAttacked(result) ? <AttackSection result={result} grid={grid} /> : null },
    { id: "scores", content: tables.length === 0 ? <p>{noScores}</p> : <ScoreSection result={result} analysis={analysis} /> },
    { id: "otherModels", content: others.length === 0 ? null : <OtherModelTable lines={others} /> },
    { id: "prompts", content: prompts.length === 0 ? null : <List sentences={prompts} /> },
    { id: "shortfalls", content: missed.length === 0 ? null : <List sentences={missed} /> },
    { id: "spread", content: spread.rows.length === 0 ? null : <SpreadSection spread={spread} /> },
    { id: "tasks", content: <TaskSection result={result} grid={grid} /> },
    { id: "cost", content: <CostSection grid={grid} /> },
    { id: "fleets", content: fleetTables(grid).length === 0 ? null : <FleetSection result={result} grid={grid} /> },
    { id: "tradeoff", content: hasTradeoff(grid) ? <TradeoffSection grid={grid} /> : null },
    { id: "curves", content: runs.some(({ curve }) => curve.length > 0) ? <CurveSection grid={grid} /> : null },
    { id: "layers", content: hasLayers(grid) ? <LayerSection grid={grid} /> : null },
    { id: "rates", content: rates.length === 0 ? null : <RateSection result={result} /> },
    { id: "definitions", content: <DefinitionSection result={result} /> },
    { id: "faults", content: runs.some(({ faults }) => faults !== null) ? <FaultSection result={result} /> : null },
    { id: "failures", content: grid.failed.length === 0 ? null : <FailureSection grid={grid} /> },
    { id: "configuration", content: <ConfigurationSection result={result} /> },
  ];
}

function OtherModelTable({ lines }: { readonly lines: readonly (readonly string[])[] }) {
  return <Table caption={titles.otherModels} head={otherModelHeads} lines={lines.map((cells) => ({ cells }))} isTitledAbove />;
}

function runSections(result: ExperimentResult, { grid }: Analysis, run: RunRecord): Section[] {
  const figures = runFigures(run);
  const { notes = [] } = run;
  const prompt = promptSentence(run);
  return [
    { id: "scores", content: run.curve.length === 0 ? <p>{noScores}</p> : <RunScoreSection run={run} /> },
    { id: "prompts", content: prompt === null ? null : <p>{prompt}</p> },
    { id: "answers", content: hasAnswers(run) ? <AnswerSection run={run} /> : null },
    { id: "curves", content: figures.length === 0 ? null : <Figures figures={figures} /> },
    { id: "layers", content: run.layerScores.length === 0 ? null : <RunLayerSection run={run} /> },
    { id: "plans", content: run.plans === undefined || run.plans.length === 0 ? null : <RunPlanSection run={run} /> },
    { id: "cost", content: <RunCostSection run={run} /> },
    { id: "tasks", content: <TaskSection result={result} grid={grid} /> },
    { id: "definitions", content: run.method === "settings" ? null : <DefinitionSection result={result} /> },
    { id: "failures", content: grid.failed.length === 0 ? null : <FailureSection grid={grid} /> },
    { id: "notes", content: notes.length === 0 ? null : <List sentences={notes} /> },
    { id: "configuration", content: <ConfigurationSection result={result} /> },
  ];
}
