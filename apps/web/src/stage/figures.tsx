import type { Live, RunInfo } from "@tutti/protocol";
import type { ComponentChildren } from "preact";
import { shownRounds } from "../figures/shownRounds.ts";
import { words } from "../words/words.ts";
import { type CurvePoint, latestScore, lossCurves, type Protocol, scoreCurves, trainRounds } from "./curves.ts";
import { layerSheet, maxColumns } from "./layerNotes.ts";
import { marksOf } from "./marks.ts";
import { bytesPlot, type LineStyle, linesPlot, type RoundPlot } from "./plots/drawings.ts";
import { layersPlot } from "./plots/layersPlot.ts";
import { PlotFigure } from "./plots/plotFigure.tsx";
import { byteColumns, totalBytes } from "./traffic.ts";

interface FiguresProps {
  readonly live: Live;
  readonly run: RunInfo | null;
}

/** Results, losses, layers, bytes and drift by round, with the operator's changes on each. */
export function Figures({ live, run }: FiguresProps) {
  const { status, rounds, orders } = live;
  const numTrained = trainRounds(rounds).at(-1)?.round ?? 0;
  const shared: RoundPlot = {
    numRounds: shownRounds(run?.run.numRounds ?? 1, Math.max(numTrained, status.stage === "train" ? status.round : 1)),
    marks: marksOf(orders),
  };
  return (
    <>
      <ScoreFigure live={live} run={run} shared={shared} />
      <LossFigure live={live} shared={shared} />
      <LayersFigure live={live} shared={shared} />
      <BytesFigure live={live} run={run} shared={shared} />
      <DriftFigure live={live} shared={shared} />
    </>
  );
}

interface FigureCardProps {
  readonly id: string;
  readonly title: string;
  /** Said in place of a drawing while there is nothing to draw; null where there is. */
  readonly empty: string | null;
  readonly sum?: ComponentChildren;
  readonly note?: string;
  readonly children: ComponentChildren;
}

/** A figure's place is the same with and without a drawing: nothing moves when the first round closes. */
function FigureCard({ id, title, empty, sum, note, children }: FigureCardProps) {
  return (
    <section class={`card stage-figure stage-${id}`} aria-labelledby={`${id}-title`}>
      <h2 id={`${id}-title`}>{title}</h2>
      <p class="stage-sum figures" data-testid={`${id}-sum`}>
        {sum}
      </p>
      {empty === null ? children : <p class="plot soft empty">{empty}</p>}
      {note !== undefined && <p class="soft small stage-note">{note}</p>}
    </section>
  );
}

interface PlotCardProps {
  readonly live: Live;
  readonly shared: RoundPlot;
}

const styles: Readonly<Record<Protocol | "training", LineStyle>> = {
  global: { stroke: "var(--accent)", width: 3.5 },
  training: { stroke: "var(--ink)", width: 3 },
  personalised: { stroke: "var(--ink)", width: 2.5 },
  newcomer: { stroke: "var(--accent)", width: 2.5, dash: "6 5" },
  zeroShot: { stroke: "var(--soft)", width: 2, dash: "2 5" },
};

function ScoreFigure({ live, run, shared }: PlotCardProps & { readonly run: RunInfo | null }) {
  const ofTexts = run?.run.labels === undefined ? words.stagePlots.ofTexts : words.classroom.ofKeptBack;
  const scores = scoreCurves(live.rounds);
  const { metric, curves } = scores;
  const latest = latestScore(scores);
  const shown = (value: number) => (metric === "rougeL" ? words.formats.number(value) : words.formats.percent(value));
  const title = words.stagePlots.scoreNames[metric];
  const named = curves.map((curve) => ({
    ...curve,
    label: words.stagePlots.series[curve.name],
    style: styles[curve.name],
    isReference: curve.name === "zeroShot",
  }));
  const said = named.map(({ label, points }) => latestText(label, points.at(-1), { shown, ofTexts }));
  return (
    <FigureCard
      id="score"
      title={title}
      empty={curves.length === 0 ? words.stagePlots.noScore : null}
      sum={
        latest !== null && (
          <>
            <strong class="stage-number" data-testid="stage-score">
              {shown(latest.value)}
            </strong>{" "}
            <span class="soft">
              {latest.numTexts !== null && `${ofTexts(latest.numTexts)}, `}
              {words.stagePlots.scoreOf[latest.name]}
            </span>
          </>
        )
      }
    >
      <PlotFigure
        testId="score-plot"
        label={`${title}. ${said.join("; ")}`}
        of={JSON.stringify([curves, shared])}
        draw={linesPlot(named, { ...shared, label: title, isShare: metric !== "rougeL" })}
      />
    </FigureCard>
  );
}

interface InWords {
  readonly shown: (value: number) => string;
  readonly ofTexts?: (numTexts: number) => string;
}

function latestText(label: string, point: CurvePoint | undefined, { shown, ofTexts = words.stagePlots.ofTexts }: InWords): string {
  if (point === undefined) return "";
  return words.stagePlots.latest(label, shown(point.value), point.numTexts === null ? "" : ofTexts(point.numTexts));
}

function LossFigure({ live, shared }: PlotCardProps) {
  const curves = lossCurves(live.rounds).map((curve) => ({
    ...curve,
    label: words.stagePlots.series[curve.name],
    style: styles[curve.name],
  }));
  const said = curves.map(({ label, points }) => latestText(label, points.at(-1), { shown: words.formats.number }));
  const last = curves[0]?.points.at(-1);
  return (
    <FigureCard
      id="loss"
      title={words.stagePlots.loss}
      empty={curves.length === 0 ? words.stagePlots.noLoss : null}
      sum={last !== undefined && <span class="soft">{latestText(curves[0]?.label ?? "", last, { shown: words.formats.number })}</span>}
    >
      <PlotFigure
        testId="loss-plot"
        label={`${words.stagePlots.loss}. ${said.join("; ")}`}
        of={JSON.stringify([curves, shared])}
        draw={linesPlot(curves, { ...shared, label: words.stagePlots.lossAxis, isShare: false })}
      />
    </FigureCard>
  );
}

function LayersFigure({ live, shared: { marks } }: PlotCardProps) {
  const sheet = layerSheet(live.rounds, maxColumns);
  const selected = live.status.selectedLayers;
  const said = selected === null ? "" : words.stagePlots.travels(selected);
  return (
    <FigureCard
      id="layers"
      title={words.stagePlots.layers}
      empty={sheet.notes.length === 0 ? words.stagePlots.noLayers : null}
      sum={<span class="soft">{said}</span>}
      note={words.stagePlots.layersNote}
    >
      <PlotFigure
        testId="layers-plot"
        label={`${words.stagePlots.layers}. ${said}`}
        of={JSON.stringify([sheet, marks])}
        draw={layersPlot(live.rounds, marks)}
      />
    </FigureCard>
  );
}

function BytesFigure({ live, run, shared }: PlotCardProps & FiguresProps) {
  const columns = run === null ? [] : byteColumns(live.rounds, run.run);
  const { sent, everything } = totalBytes(columns);
  const said =
    everything > 0
      ? words.stagePlots.bytesNote(words.formats.bytes(sent), words.formats.bytes(everything), words.formats.percent(sent / everything))
      : words.stagePlots.sentAll(words.formats.bytes(sent));
  return (
    <FigureCard
      id="bytes"
      title={words.stagePlots.bytes}
      empty={columns.length === 0 ? words.stagePlots.noBytes : null}
      sum={<span class="soft">{columns.length > 0 && said}</span>}
    >
      <PlotFigure
        testId="bytes-plot"
        label={`${words.stagePlots.bytes}. ${said}`}
        of={JSON.stringify([columns, shared])}
        draw={bytesPlot(columns, shared)}
      />
    </FigureCard>
  );
}

const driftStyles = {
  drift: { stroke: "var(--accent)", width: 3 },
  update: { stroke: "var(--muted-bar)", width: 2.5 },
  control: { stroke: "var(--ink)", width: 2.5, dash: "6 5" },
} as const satisfies Readonly<Record<string, LineStyle>>;

function DriftFigure({ live, shared }: PlotCardProps) {
  const measured = trainRounds(live.rounds);
  const curves = (["drift", "update", "control"] as const)
    .map((name) => ({
      name,
      label: words.stagePlots.driftSeries[name],
      style: driftStyles[name],
      points: measured.flatMap(({ round, movement }): CurvePoint[] => {
        const value = movement?.[name];
        return value === undefined ? [] : [{ round, value, numTexts: null }];
      }),
    }))
    .filter(({ points }) => points.length > 0);
  const said = curves.map(({ label, points }) => latestText(label, points.at(-1), { shown: words.formats.number }));
  return (
    <FigureCard
      id="drift"
      title={words.stagePlots.drift}
      empty={curves.length === 0 ? words.stagePlots.noDrift : null}
      sum={<span class="soft">{said[0] ?? ""}</span>}
      note={words.stagePlots.driftNote}
    >
      <PlotFigure
        testId="drift-plot"
        label={`${words.stagePlots.drift}. ${said.join("; ")}`}
        of={JSON.stringify([curves, shared])}
        draw={linesPlot(curves, { ...shared, label: words.stagePlots.driftAxis, isShare: false })}
      />
    </FigureCard>
  );
}
