/** @jsxRuntime automatic */
/** @jsxImportSource preact */
import { Drawing } from "./drawing.tsx";
import type { Figure, SeriesStyle } from "./figures/figure.ts";
import { Sample } from "./figures/standaloneSvg.tsx";

/** A cell that is more than plain text. */
export interface Cell {
  readonly text: string;
  readonly isBold?: boolean;
  /** More than there is room for, shown where a pointer rests. */
  readonly hint?: string;
  /** Prose, aligned to the left. */
  readonly isText?: boolean;
}

/** A line of a table; controls are set apart. */
export interface Line {
  readonly cells: readonly (string | Cell)[];
  readonly isControl?: boolean;
}

/** A cell of prose; a dash where there is none. */
export const prose = (text: string): Cell => ({ text: text === "" ? "–" : text, isText: true });

/** What scrolls has to be reached by the keyboard (WCAG 2.1.1). */
const reachable = { tabIndex: 0 } as const;

interface TableProps {
  readonly caption: string;
  readonly head: readonly (string | Cell)[];
  readonly lines: readonly Line[];
  /** The heading above says what the caption says: it is kept for screen readers alone. */
  readonly isTitledAbove?: boolean;
  /** Scores keep the names of their lines in sight. */
  readonly isScores?: boolean;
}

/** A table with its caption in a box that scrolls; the first cell of a line names it. */
export function Table({ caption, head, lines, isTitledAbove = false, isScores = false }: TableProps) {
  const firstControl = lines.findIndex(({ isControl }) => isControl);
  return (
    <div class="titled">
      <section class={isScores ? "wide scores" : "wide"} {...reachable} aria-label={caption}>
        <table>
          <caption class={isTitledAbove ? "unseen" : undefined}>{caption}</caption>
          <thead>
            <tr>
              {head.map((cell) => (
                <HeadCell key={textOf(cell)} cell={cell} scope="col" />
              ))}
            </tr>
          </thead>
          <tbody>
            {lines.map(({ cells: [name = "", ...cells], isControl }, index) => (
              <tr key={textOf(name)} class={lineClass(isControl === true, index === firstControl && index > 0)}>
                <HeadCell cell={name} scope="row" />
                {cells.map((cell) => (
                  <DataCell key={textOf(cell)} cell={cell} />
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </div>
  );
}

const textOf = (cell: string | Cell) => (typeof cell === "string" ? cell : cell.text);
const asCell = (cell: string | Cell): Cell => (typeof cell === "string" ? { text: cell } : cell);

function lineClass(isControl: boolean, isFirst: boolean): string | undefined {
  if (!isControl) return undefined;
  return isFirst ? "control first-control" : "control";
}

function HeadCell({ cell, scope }: { readonly cell: string | Cell; readonly scope: "col" | "row" }) {
  const { text, isText } = asCell(cell);
  return (
    <th scope={scope} class={isText ? "text" : undefined}>
      {text}
    </th>
  );
}

function DataCell({ cell }: { readonly cell: string | Cell }) {
  const { text, isBold, hint, isText } = asCell(cell);
  return (
    <td class={isText ? "text" : undefined} title={hint}>
      {isBold ? <b>{text}</b> : text}
    </td>
  );
}

/** A drawing with its heading, legend and note. */
export function FigureBox({
  figure: { title, svg, legend, note },
  isWide = false,
}: {
  readonly figure: Figure;
  readonly isWide?: boolean;
}) {
  return (
    <figure>
      <figcaption>{title}</figcaption>
      {isWide ? (
        <section class="wide" {...reachable} aria-label={title}>
          <Drawing svg={svg} />
        </section>
      ) : (
        <Drawing svg={svg} />
      )}
      <Legend legend={legend} />
      {note === undefined ? null : <p>{note}</p>}
    </figure>
  );
}

/** Figures beside each other as far as there is room. */
export function Figures({ figures }: { readonly figures: readonly Figure[] }) {
  if (figures.length === 0) return null;
  return (
    <div class="figures">
      {figures.map((figure) => (
        <FigureBox key={figure.title} figure={figure} />
      ))}
    </div>
  );
}

/** What lines mean: colour and dashes as they are drawn. */
export function Legend({ legend }: { readonly legend: readonly SeriesStyle[] }) {
  if (legend.length === 0) return null;
  return (
    <ul class="legend">
      {legend.map((style) => (
        <li key={style.name}>
          <svg viewBox="0 0 28 12" aria-hidden="true">
            <Sample style={style} x={0} y={0} />
          </svg>
          {style.name}
        </li>
      ))}
    </ul>
  );
}

/** Sentences as a list. */
export function List({ sentences }: { readonly sentences: readonly string[] }) {
  if (sentences.length === 0) return null;
  return (
    <ul class="plain">
      {sentences.map((sentence) => (
        <li key={sentence}>{sentence}</li>
      ))}
    </ul>
  );
}

/** Sentences that explain what is above or below them. */
export function Remarks({ texts }: { readonly texts: readonly string[] }) {
  return (
    <>
      {texts.map((text) => (
        <p key={text} class="soft">
          {text}
        </p>
      ))}
    </>
  );
}

/** JSON behind a line that opens it. */
export function FoldedJson({
  summary,
  value,
  isOpen = false,
}: {
  readonly summary: string;
  readonly value: unknown;
  readonly isOpen?: boolean;
}) {
  return (
    <details open={isOpen}>
      <summary>{summary}</summary>
      <pre>{JSON.stringify(value, null, 2)}</pre>
    </details>
  );
}
