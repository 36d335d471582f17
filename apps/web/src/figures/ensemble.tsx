import { words } from "../words/words.ts";
import { useWidth } from "./useWidth.ts";

const height = 30;
const gap = 5;
const top = 5;
const spacing = 26;
/** A walk over the staff, in half gaps from its foot: what the tabs "play". */
const melody = [2, 4, 6, 5, 3, 4, 7, 6, 4, 2, 3, 5] as const;

/** Under the name: a staff with a note for each tab that is here. Decoration: the text gives the same number. */
export function Ensemble({ numTabs }: { readonly numTabs: number }) {
  const { ref, width } = useWidth<HTMLDivElement>(320);
  const shown = Math.min(numTabs, Math.floor((width - 16) / spacing));
  return (
    <div ref={ref} class="ensemble" aria-hidden="true">
      <svg class="figure" height={height} viewBox={`0 0 ${width} ${height}`} focusable="false">
        <title>{words.figures.tabs(numTabs)}</title>
        {[0, 1, 2, 3, 4].map((line) => (
          <line key={line} class="faint-line" x1={0} x2={width} y1={top + line * gap} y2={top + line * gap} />
        ))}
        {Array.from({ length: shown }, (_, i) => (
          <SmallNote key={`note-${i + 1}`} x={14 + i * spacing} step={melody[i % melody.length] ?? 4} />
        ))}
      </svg>
    </div>
  );
}

function SmallNote({ x, step }: { readonly x: number; readonly step: number }) {
  const y = top + 4 * gap - (step * gap) / 2;
  return (
    <g class="small-note">
      <ellipse cx={x} cy={y} rx={3.4} ry={2.5} transform={`rotate(-20 ${x} ${y})`} />
      <line x1={x + 3} x2={x + 3} y1={y} y2={y - 13} />
    </g>
  );
}
