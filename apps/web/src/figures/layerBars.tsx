import { axisTicks } from "../join/estimates.ts";
import { words } from "../words/words.ts";
import { useWidth } from "./useWidth.ts";

interface LayerBarsProps {
  /** One per layer, null where a layer is not scored; null before Stage A is done. */
  readonly scores: readonly (number | null)[] | null;
  readonly selected: readonly number[] | null;
  readonly numLayers: number;
}

const height = 160;
const foot = 134;
const head = 26;
const left = 38;
const right = 4;

/** Layer scores as bars over an axis; the layers that travel are coloured and carry a note, so that colour is not the only sign. */
export function LayerBars({ scores, selected, numLayers }: LayerBarsProps) {
  const { ref, width } = useWidth<HTMLDivElement>(300);
  const layers = scores ?? Array.from({ length: numLayers }, () => null);
  const axis = layerAxis(layers);
  const y = (share: number) => foot - share * (foot - head);
  const step = (width - left - right) / Math.max(1, layers.length);
  const barWidth = Math.min(40, step * 0.62);
  return (
    <div ref={ref}>
      <svg
        class="figure layers"
        height={height}
        viewBox={`0 0 ${width} ${height}`}
        role="img"
        aria-label={describe(scores, selected)}
        data-testid="layer-bars"
      >
        {axis.ticks.map((tick) => (
          <g key={tick}>
            <line class="grid-line" x1={left} x2={width - right} y1={y(axis.shareOf(tick))} y2={y(axis.shareOf(tick))} />
            <text x={left - 7} y={y(axis.shareOf(tick)) + 4} text-anchor="end">
              {shownTick(tick)}
            </text>
          </g>
        ))}
        <line class="baseline" x1={left} x2={width - right} y1={y(axis.base)} y2={y(axis.base)} />
        {layers.map((score, layer) => {
          const isSelected = selected?.includes(layer) ?? false;
          const [from, to] = [y(axis.base), y(score === null ? axis.base : axis.shareOf(score))];
          const barHeight = Math.max(3, Math.abs(from - to));
          const top = score !== null && to > from ? from : from - barHeight;
          const x = left + step * (layer + 0.5) - barWidth / 2;
          return (
            <g key={layer}>
              <rect class={isSelected ? "layer selected" : "layer"} x={x} y={top} width={barWidth} height={barHeight} rx={3} />
              {isSelected && <NoteSign x={x + barWidth / 2} y={top - 7} />}
              {(layers.length <= 12 || layer % 4 === 0) && (
                <text x={x + barWidth / 2} y={foot + 18} text-anchor="middle">
                  {layer}
                </text>
              )}
            </g>
          );
        })}
      </svg>
      {axis.isLogarithmic && <p class="soft small">{words.runPage.logScale}</p>}
    </div>
  );
}

function NoteSign({ x, y }: { readonly x: number; readonly y: number }) {
  return (
    <g class="layer-note">
      <ellipse cx={x - 1} cy={y} rx={4} ry={3} transform={`rotate(-20 ${x - 1} ${y})`} />
      <rect x={x + 1.7} y={y - 12} width={1.4} height={12} />
    </g>
  );
}

/** What the bars stand on. */
export interface LayerAxis {
  readonly isLogarithmic: boolean;
  readonly ticks: readonly number[];
  /** Where bars begin, between 0 at the foot and 1 at the head. */
  readonly base: number;
  shareOf(score: number): number;
}

/** From zero, so that bars are as far apart as their scores; logarithmic, with whole powers of ten, where scores differ by more than a factor of 20. */
export function layerAxis(scores: readonly (number | null)[]): LayerAxis {
  const known = scores.filter((score) => score !== null);
  if (known.length === 0) return { isLogarithmic: false, ticks: [], base: 0, shareOf: () => 0 };
  const [least, most] = [Math.min(...known), Math.max(...known)];
  if (least > 0 && most / least > 20) return logarithmicAxis(least, most);
  const [low, high] = [Math.min(0, least), Math.max(0, most)];
  if (low === high) return { isLogarithmic: false, ticks: [0], base: 0, shareOf: () => 0 };
  const ticks = axisTicks(low, high, 4);
  const shareOf = (score: number) => (score - low) / (high - low);
  return { isLogarithmic: false, ticks, base: shareOf(0), shareOf };
}

function logarithmicAxis(least: number, most: number): LayerAxis {
  const [low, high] = [Math.floor(Math.log10(least) - 0.01), Math.log10(most)];
  const every = Math.ceil((Math.floor(high) - low + 1) / 4);
  const ticks = Array.from({ length: Math.floor((high - low) / every) + 1 }, (_, i) => 10 ** (low + i * every));
  return { isLogarithmic: true, ticks, base: 0, shareOf: (score) => (Math.log10(score) - low) / (high - low) };
}

function shownTick(value: number): string {
  return Math.abs(value) >= 1e4 || (value !== 0 && Math.abs(value) < 1e-2)
    ? value.toExponential(0)
    : words.formats.number(Number(value.toPrecision(3)));
}

function describe(scores: LayerBarsProps["scores"], selected: LayerBarsProps["selected"]): string {
  if (scores === null) return words.figures.noScores;
  return words.figures.scores(scores.map((score, layer) => words.figures.score(layer, score)).join(", "), selected);
}
