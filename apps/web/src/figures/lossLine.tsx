import { words } from "../words/words.ts";
import { useWidth } from "./useWidth.ts";

const height = 132;
const margin = 8;

/** The tab's own training loss, smoothed over about five steps, as a line without axes; the number beside its end is the line's last value. */
export function LossLine({ losses }: { readonly losses: readonly number[] }) {
  const { ref, width } = useWidth<HTMLDivElement>(300);
  const smooth = smoothed(losses);
  const points = linePoints(smooth, width);
  const last = points.at(-1);
  const [first, latest] = [smooth[0], smooth.at(-1)];
  const label = first === undefined || latest === undefined ? words.figures.noLoss : words.figures.loss(shown(first), shown(latest));
  return (
    <div ref={ref}>
      <svg class="figure loss" height={height} viewBox={`0 0 ${width} ${height}`} role="img" aria-label={label} data-testid="loss-line">
        <line class="baseline" x1={4} x2={width - 4} y1={height - margin} y2={height - margin} />
        <polyline class="curve" points={points.map(({ x, y }) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" ")} />
        {last && <circle class="curve-end" cx={last.x} cy={last.y} r={4} />}
        {last && latest !== undefined && (
          <text x={last.x + 9} y={Math.min(height - margin - 4, Math.max(14, last.y + 4))}>
            {shown(latest)}
          </text>
        )}
      </svg>
    </div>
  );
}

function shown(loss: number): string {
  return loss >= 10 ? String(Math.round(loss)) : loss.toPrecision(2);
}

function linePoints(smooth: readonly number[], width: number): readonly { readonly x: number; readonly y: number }[] {
  const high = Math.max(...smooth);
  const low = Math.min(...smooth);
  const range = high - low;
  const right = width - 42;
  return smooth.map((loss, i) => ({
    x: 4 + (i / Math.max(1, smooth.length - 1)) * (right - 4),
    y: range === 0 ? height / 2 : margin + 6 + (1 - (loss - low) / range) * (height - 3 * margin - 6),
  }));
}

/** Exponential mean over about five steps: batches are small and their losses jump. */
export function smoothed(losses: readonly number[]): readonly number[] {
  let mean = losses[0] ?? 0;
  return losses.map((loss) => {
    mean += (loss - mean) / 5;
    return mean;
  });
}
