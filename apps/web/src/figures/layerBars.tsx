import { words } from "../words/words.ts";
import { useWidth } from "./useWidth.ts";

interface LayerBarsProps {
  /** One per layer, null where a layer is not scored; null before Stage A is done. */
  readonly scores: readonly (number | null)[] | null;
  readonly selected: readonly number[] | null;
  readonly numLayers: number;
}

const height = 132;
const foot = 108;
const head = 22;

/** Layer scores as bars; the shared layers are coloured and carry a note, so that colour is not the only sign. */
export function LayerBars({ scores, selected, numLayers }: LayerBarsProps) {
  const { ref, width } = useWidth<HTMLDivElement>(300);
  const heights = barHeights(scores ?? Array.from({ length: numLayers }, () => null));
  const step = (width - 8) / Math.max(1, heights.length);
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
        <line class="baseline" x1={4} x2={width - 4} y1={foot} y2={foot} />
        {heights.map((share, layer) => {
          const isSelected = selected?.includes(layer) ?? false;
          const barHeight = Math.max(4, share * (foot - head));
          const x = 4 + step * (layer + 0.5) - barWidth / 2;
          return (
            <g key={layer}>
              <rect class={isSelected ? "layer selected" : "layer"} x={x} y={foot - barHeight} width={barWidth} height={barHeight} rx={3} />
              {isSelected && <NoteSign x={x + barWidth / 2} y={foot - barHeight - 7} />}
              {(heights.length <= 12 || layer % 4 === 0) && (
                <text x={x + barWidth / 2} y={foot + 16} text-anchor="middle">
                  {layer}
                </text>
              )}
            </g>
          );
        })}
      </svg>
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

/** Heights between 0 and 1: linear between the extremes, logarithmic where scores differ by more than a factor of 20; 0 without a score. */
export function barHeights(scores: readonly (number | null)[]): readonly number[] {
  const known = scores.filter((score) => score !== null);
  const low = Math.min(...known);
  const high = Math.max(...known);
  const shape = low > 0 && high / low > 20 ? Math.log : (value: number) => value;
  return scores.map((score) => {
    if (score === null) return 0;
    return high === low ? 0.6 : 0.18 + (0.82 * (shape(score) - shape(low))) / (shape(high) - shape(low));
  });
}

function describe(scores: LayerBarsProps["scores"], selected: LayerBarsProps["selected"]): string {
  if (scores === null) return words.figures.noScores;
  return words.figures.scores(scores.map((score, layer) => words.figures.score(layer, score)).join(", "), selected);
}
