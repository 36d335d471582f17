import { escapeHtml } from "../run/report.ts";
import type { Figure, SeriesStyle } from "./figure.ts";

/** A cell that is more than plain text. */
export interface Cell {
  readonly text: string;
  readonly isBold?: boolean;
  /** Shown where a pointer rests, and said after the text by screen readers. */
  readonly hint?: string;
  /** Prose, aligned to the left. */
  readonly isText?: boolean;
}

/** A line of a table; controls are set apart. */
export interface Line {
  readonly cells: readonly (string | Cell)[];
  readonly isControl?: boolean;
}

/** A table in a box of its own that scrolls; the first cell of a line names it. */
export function htmlTable(caption: string, head: readonly (string | Cell)[], lines: readonly Line[], kind = ""): string {
  const firstControl = lines.findIndex(({ isControl }) => isControl);
  const body = lines.map(({ cells, isControl }, index) => {
    const classes = [...(isControl ? ["control"] : []), ...(index === firstControl && index > 0 ? ["first-control"] : [])];
    return `<tr${classes.length === 0 ? "" : ` class="${classes.join(" ")}"`}>${cells.map((cell, place) => htmlCell(cell, place === 0 ? 'th scope="row"' : "td")).join("")}</tr>`;
  });
  const heads = head.map((cell) => htmlCell(cell, 'th scope="col"')).join("");
  const label = escapeHtml(caption);
  return `<div class="titled"><p class="caption">${label}</p><div class="wide${kind === "" ? "" : ` ${kind}`}" tabindex="0" role="region" aria-label="${label}"><table><thead><tr>${heads}</tr></thead><tbody>${body.join("")}</tbody></table></div></div>`;
}

function htmlCell(cell: string | Cell, tag: string): string {
  const { text, isBold, hint, isText } = typeof cell === "string" ? { text: cell } : cell;
  const content = isBold ? `<b>${escapeHtml(text)}</b>` : escapeHtml(text);
  const attributes = `${isText ? ' class="text"' : ""}${hint === undefined ? "" : ` title="${escapeHtml(hint)}"`}`;
  return `<${tag}${attributes}>${content}</${tag.split(" ", 1)[0]}>`;
}

/** A drawing with its heading, legend and note. */
export function htmlFigure({ title, svg, legend, note }: Figure, isWide = false): string {
  const names = legend.length === 0 ? "" : htmlLegend(legend);
  const remark = note === undefined ? "" : `<p>${escapeHtml(note)}</p>`;
  const drawing = isWide ? `<div class="wide" tabindex="0" role="region" aria-label="${escapeHtml(title)}">${svg}</div>` : svg;
  return `<figure><figcaption>${escapeHtml(title)}</figcaption>${drawing}${names}${remark}</figure>`;
}

/** What lines mean: colour and dashes as they are drawn. */
export function htmlLegend(legend: readonly SeriesStyle[]): string {
  const items = legend.map(({ name, color, dashes, isDot }) => {
    const dash = dashes === null ? "" : ` stroke-dasharray="${dashes}"`;
    const drawn = isDot
      ? `<circle cx="14" cy="6" r="5" fill="${color}"></circle>`
      : `<line x1="0" y1="6" x2="28" y2="6" stroke="${color}" stroke-width="2.5"${dash}></line>`;
    const sample = `<svg viewBox="0 0 28 12" aria-hidden="true">${drawn}</svg>`;
    return `<li>${sample}${escapeHtml(name)}</li>`;
  });
  return `<ul class="legend">${items.join("")}</ul>`;
}

/** Sentences as a list. */
export function htmlList(sentences: readonly string[]): string {
  return `<ul class="plain">${sentences.map((sentence) => `<li>${escapeHtml(sentence)}</li>`).join("")}</ul>`;
}

/** Text as a paragraph. */
export function paragraph(text: string, kind = ""): string {
  return `<p${kind === "" ? "" : ` class="${kind}"`}>${escapeHtml(text)}</p>`;
}
