import type { HistoryPoint } from "@tutti/protocol";
import { axisTicks } from "../join/estimates.ts";
import type { RoundLoss } from "../join/view.ts";
import { words } from "../words/words.ts";
import { useWidth } from "./useWidth.ts";

const height = 184;
const foot = 138;
const head = 12;
const left = 38;
const right = 12;

interface LossLineProps {
  /** Of this tab's devices. */
  readonly here: readonly RoundLoss[];
  /** Of all devices. */
  readonly history: readonly HistoryPoint[];
}

/** The mean loss of each round, of this tab's devices and of all, over one axis. */
export function LossLine({ here, history }: LossLineProps) {
  const { ref, width } = useWidth<HTMLDivElement>(300);
  const { rounds, tab, all } = lossesByRound(here, history);
  const values = [...tab, ...all].filter((loss) => loss !== null);
  const ticks = values.length === 0 ? [] : axisTicks(...lossRange(values), 3);
  const [low, high] = values.length === 0 ? [0, 1] : withTicks(lossRange(values), ticks);
  const x = (index: number) => left + ((index + 0.5) / Math.max(1, rounds.length)) * (width - left - right);
  const y = (loss: number) => foot - ((loss - low) / Math.max(1e-12, high - low)) * (foot - head);
  const known = tab.filter((loss) => loss !== null);
  const [first, latest] = [known[0], known.at(-1)];
  const label =
    first === undefined || latest === undefined ? words.figures.noLoss : words.figures.loss(shownLoss(first), shownLoss(latest));
  const every = Math.ceil(rounds.length / Math.max(1, Math.floor((width - left - right) / 26)));
  return (
    <div ref={ref}>
      <svg class="figure loss" height={height} viewBox={`0 0 ${width} ${height}`} role="img" aria-label={label} data-testid="loss-line">
        {ticks.map((tick) => (
          <g key={tick}>
            <line class="grid-line" x1={left} x2={width - right} y1={y(tick)} y2={y(tick)} />
            <text x={left - 7} y={y(tick) + 4} text-anchor="end">
              {shownLoss(tick)}
            </text>
          </g>
        ))}
        <line class="baseline" x1={left} x2={width - right} y1={foot} y2={foot} />
        <Curve losses={all} x={x} y={y} kind="all" />
        <Curve losses={tab} x={x} y={y} kind="here" />
        {rounds.map(({ stage }, i) =>
          rounds[i - 1]?.stage === stage ? null : (
            <g key={stage}>
              {i > 0 && <line class="grid-line" x1={(x(i) + x(i - 1)) / 2} x2={(x(i) + x(i - 1)) / 2} y1={head} y2={foot + 38} />}
              <text x={i === 0 ? left : (x(i) + x(i - 1)) / 2 + 6} y={foot + 36}>
                {words.wholeProgress.stages[stage]}
              </text>
            </g>
          ),
        )}
        {rounds.map(({ stage, round }, i) =>
          i % every === 0 ? (
            <text key={`${stage} ${round}`} x={x(i)} y={foot + 18} text-anchor="middle">
              {round}
            </text>
          ) : null,
        )}
      </svg>
      {values.length > 0 && (
        <ul class="legend lines">
          <li class="here">{words.runPage.lossHere}</li>
          <li>{words.runPage.lossAll}</li>
        </ul>
      )}
    </div>
  );
}

interface CurveProps {
  readonly losses: readonly (number | null)[];
  readonly kind: "here" | "all";
  x(index: number): number;
  y(loss: number): number;
}

/** A line over the rounds that have a value, with a mark at each: one alone would be no line. */
function Curve({ losses, kind, x, y }: CurveProps) {
  const points = losses.flatMap((loss, i) => (loss === null ? [] : [{ x: x(i), y: y(loss) }]));
  return (
    <g class={`loss-${kind}`}>
      <polyline class="curve" points={points.map((point) => `${point.x.toFixed(1)},${point.y.toFixed(1)}`).join(" ")} />
      {points.map((point) => (
        <circle key={point.x} cx={point.x} cy={point.y} r={kind === "here" ? 3.5 : 2.5} />
      ))}
    </g>
  );
}

/** The mean losses of every round that this tab or the run trained in, in order; null where it did not. */
export function lossesByRound(here: readonly RoundLoss[], history: readonly HistoryPoint[]) {
  const keyOf = ({ stage, round }: Pick<RoundLoss, "stage" | "round">) => `${stage} ${round}`;
  const ofAll = new Map(
    history.flatMap((point) => (point.trainLoss === null ? [] : ([[keyOf(point), { ...point, loss: point.trainLoss }]] as const))),
  );
  const ofTab = new Map(here.map((one) => [keyOf(one), { ...one, loss: one.sum / one.count }]));
  const places = [...new Map([...ofAll, ...ofTab].map(([key, { stage, round }]) => [key, { stage, round }])).entries()];
  const order = { score: 0, count: 1, train: 2 };
  places.sort(([, a], [, b]) => order[a.stage] - order[b.stage] || a.round - b.round);
  return {
    rounds: places.map(([, place]) => place),
    tab: places.map(([key]) => ofTab.get(key)?.loss ?? null),
    all: places.map(([key]) => ofAll.get(key)?.loss ?? null),
  };
}

/** Some room over and under the values; equal ones stand in the middle. */
function lossRange(values: readonly number[]): [number, number] {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const room = high === low ? Math.max(0.1, 0.2 * Math.abs(high)) : 0.08 * (high - low);
  return [low - room, high + room];
}

function withTicks([low, high]: readonly [number, number], ticks: readonly number[]): [number, number] {
  return [Math.min(low, ...ticks), Math.max(high, ...ticks)];
}

/** A loss with as many digits as it is worth. */
export function shownLoss(loss: number): string {
  return Math.abs(loss) >= 10 ? words.formats.whole(loss) : words.formats.number(Number(loss.toPrecision(3)));
}
