/** @jsxRuntime automatic */
/** @jsxImportSource preact */
import { renderToString } from "preact-render-to-string";
import { Drawing, sizeOf } from "../drawing.tsx";
import type { Figure, SeriesStyle } from "./figure.ts";

const padding = 12;
const lineHeight = 18;
/** Below the title's last line. */
const titleGap = 6;
/** Rough width of a letter of the title. */
const titleLetter = 7.6;
/** Rough width of a letter of the legend. */
const letter = 7;
/** Two columns in a drawing of the usual width. */
const columnWidth = 180;

/** A drawing as a separate file: on white, with its title and legend inside. */
export function standaloneSvg({ title, description, svg, legend }: Figure): string {
  const { width, height } = sizeOf(svg);
  const titles = wrapped(title, Math.floor(width / titleLetter));
  const legendTop = padding + titles.length * lineHeight + titleGap;
  const lines = legendLines(legend, width);
  const top = legendTop + lines.length * lineHeight;
  const [fullWidth, fullHeight] = [width + 2 * padding, top + height + padding];
  const drawing = (
    <svg
      xmlns="http://www.w3.org/2000/svg"
      role="img"
      aria-label={description}
      width={fullWidth}
      height={fullHeight}
      viewBox={`0 0 ${fullWidth} ${fullHeight}`}
      style="color: #18181b"
      font-family="system-ui, sans-serif"
      font-size="12"
    >
      <rect width="100%" height="100%" fill="#fff" />
      {titles.map((text, row) => (
        <text key={text} x={padding} y={padding + 12 + row * lineHeight} font-weight="600" font-size="13" fill="currentColor">
          {text}
        </text>
      ))}
      {lines.flatMap((line, row) => line.map((item) => <LegendSample key={item.style.name} {...item} y={legendTop + row * lineHeight} />))}
      <Drawing svg={svg} changes={{ x: padding, y: top, role: null, "aria-label": null }} />
    </svg>
  );
  return `${renderToString(drawing)}\n`;
}

/** Lines of at most `most` letters, broken between words. */
function wrapped(text: string, most: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const longer = `${line} ${word}`.trimStart();
    if (longer.length > most && line !== "") lines.push(line);
    line = longer.length > most ? word : longer;
  }
  return [...lines, line];
}

interface LegendItem {
  readonly style: SeriesStyle;
  readonly x: number;
}

/** Items of the legend in columns under each other, in as many lines as they need; a long name takes several columns. */
function legendLines(legend: readonly SeriesStyle[], width: number): LegendItem[][] {
  const numColumns = Math.max(1, Math.floor(width / columnWidth));
  const lines: LegendItem[][] = [];
  let column = numColumns;
  for (const style of legend) {
    const span = Math.min(numColumns, Math.ceil((34 + style.name.length * letter + 12) / columnWidth));
    if (column + span > numColumns) {
      lines.push([]);
      column = 0;
    }
    lines.at(-1)?.push({ style, x: padding + (column * width) / numColumns });
    column += span;
  }
  return lines;
}

/** A line or dot as it is drawn, at the left of its place. */
export function Sample({ style: { color, dashes, isDot }, x, y }: LegendItem & { readonly y: number }) {
  return isDot ? (
    <circle cx={x + 14} cy={y + 6} r="5" fill={color} />
  ) : (
    <line x1={x} y1={y + 6} x2={x + 28} y2={y + 6} stroke={color} stroke-width="2.5" stroke-dasharray={dashes ?? undefined} />
  );
}

function LegendSample({ style, x, y }: LegendItem & { readonly y: number }) {
  return (
    <>
      <Sample style={style} x={x} y={y} />
      <text x={x + 34} y={y + 10} fill="currentColor">
        {style.name}
      </text>
    </>
  );
}
