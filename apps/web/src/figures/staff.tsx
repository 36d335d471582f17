import type { HistoryPoint, Status } from "@tutti/protocol";
import { words } from "../words/words.ts";
import { shownRounds } from "./shownRounds.ts";
import { useWidth } from "./useWidth.ts";

const height = 84;
const top = 22;
const gap = 9;
const left = 2;
/** In pixels; where rounds would be narrower they share measures. */
const minMeasureWidth = 20;

interface Measure {
  readonly firstRound: number;
  readonly lastRound: number;
  readonly state: "done" | "current" | "ahead";
  /** 0 at the staff's foot, 1 at its head; where the devices' loss is lower the note stands higher. */
  readonly pitch: number;
}

interface StaffProps {
  readonly status: Status | null;
  readonly roundText: string;
  /** Whether the run goes on until somebody stops it: then there is room for the rounds so far. */
  readonly isEndless: boolean;
}

/** The stage's rounds as measures on a staff: a note for each that is played, an open one for the one under way. */
export function Staff({ status: given, roundText, isEndless }: StaffProps) {
  const { ref, width } = useWidth<HTMLDivElement>(320);
  const status = given !== null && isEndless ? { ...given, numRounds: shownRounds(given.numRounds, given.round) } : given;
  const measures = measuresOf(status, Math.max(1, Math.floor(width / minMeasureWidth)));
  const measureWidth = (width - 2 * left) / Math.max(1, measures.length);
  const label = status === null || status.round === 0 ? words.figures.noRound : words.figures.round(roundText);
  return (
    <div ref={ref}>
      <svg class="figure staff" height={height} viewBox={`0 0 ${width} ${height}`} role="img" aria-label={label} data-testid="staff">
        {[0, 1, 2, 3, 4].map((line) => (
          <line key={line} class="staff-line" x1={left} x2={width - left} y1={top + line * gap} y2={top + line * gap} />
        ))}
        <line class="bar-line" x1={left} x2={left} y1={top} y2={top + 4 * gap} />
        {measures.map((measure, i) => (
          <MeasureMark key={measure.firstRound} measure={measure} x={left + i * measureWidth} width={measureWidth} />
        ))}
        {!isEndless && <line class="final-bar" x1={width - left} x2={width - left} y1={top} y2={top + 4 * gap} />}
        {measures.length > 0 && (
          <>
            <text x={left} y={height - 2}>
              1
            </text>
            <text x={width - left} y={height - 2} text-anchor="end">
              {status?.numRounds}
            </text>
          </>
        )}
      </svg>
    </div>
  );
}

function MeasureMark({ measure, x, width: measureWidth }: { readonly measure: Measure; readonly x: number; readonly width: number }) {
  const centre = x + measureWidth / 2;
  const y = top + 4 * gap - measure.pitch * 4 * gap;
  const kind = measure.state === "current" ? "current" : "";
  const size = Math.min(6.5, measureWidth / 3.2);
  const isHigh = measure.pitch > 0.5;
  const stemX = centre + (isHigh ? -1 : 1) * (size - 0.8);
  return (
    <g>
      <line class="bar-line" x1={x + measureWidth} x2={x + measureWidth} y1={top} y2={top + 4 * gap} />
      {measure.state !== "ahead" && (
        <>
          <line class={`stem ${kind}`} x1={stemX} x2={stemX} y1={y} y2={y + (isHigh ? 27 : -27)} />
          <ellipse class={`note ${kind}`} cx={centre} cy={y} rx={size} ry={size * 0.72} transform={`rotate(-20 ${centre} ${y})`} />
        </>
      )}
    </g>
  );
}

/** The rounds of the present stage; where there are more than `maxMeasures`, several share one. */
export function measuresOf(status: Status | null, maxMeasures: number): readonly Measure[] {
  if (status === null || status.stage === null || status.numRounds === 0) return [];
  const played = status.history.filter(({ stage }) => stage === status.stage);
  const perMeasure = Math.ceil(status.numRounds / maxMeasures);
  const pitchOf = pitches(played);
  return Array.from({ length: Math.ceil(status.numRounds / perMeasure) }, (_, i) => {
    const firstRound = i * perMeasure + 1;
    const lastRound = Math.min(status.numRounds, firstRound + perMeasure - 1);
    const isDone = status.phase === "done" || played.some(({ round }) => round === lastRound);
    const isCurrent = !isDone && status.round >= firstRound && status.round <= lastRound;
    return { firstRound, lastRound, state: isDone ? "done" : isCurrent ? "current" : "ahead", pitch: pitchOf(lastRound) } as const;
  });
}

function pitches(played: readonly HistoryPoint[]): (round: number) => number {
  const losses = played.flatMap(({ trainLoss }) => (trainLoss === null ? [] : [trainLoss]));
  const low = Math.min(...losses);
  const range = Math.max(...losses) - low;
  return (round) => {
    const loss = played.findLast((point) => point.round <= round && point.trainLoss !== null)?.trainLoss ?? null;
    return loss === null || range === 0 ? 0.5 : 1 - (loss - low) / range;
  };
}
