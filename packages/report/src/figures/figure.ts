import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";

/** A line or mark of a figure: colour and dashes tell it apart, so that neither is needed alone. */
export interface SeriesStyle {
  readonly name: string;
  /** With a fallback, so that a drawing taken out of the page keeps its colours. */
  readonly color: string;
  readonly dashes: string | null;
  /** Drawn as a dot and not as a line. */
  readonly isDot?: boolean;
}

/** A drawing of the report. */
export interface Figure {
  readonly title: string;
  /** One sentence for readers who do not see it. */
  readonly description: string;
  readonly svg: string;
  readonly legend: readonly SeriesStyle[];
  /** What has to be said below it. */
  readonly note?: string;
}

/** Names and colours of `--series-1` and so on, light and dark; told apart by the colour-blind (after Okabe and Ito 2008). */
export const palette: readonly { readonly light: string; readonly dark: string }[] = [
  { light: "#0072b2", dark: "#5db8f0" },
  { light: "#c74a00", dark: "#ff8f4d" },
  { light: "#00805f", dark: "#3fd0a4" },
  { light: "#a8508a", dark: "#e79bc6" },
  { light: "#8a6d00", dark: "#e6c229" },
  { light: "#4b4b57", dark: "#b8b8c4" },
];
const dashes = [null, "7 3", "2 3", "9 3 2 3"] as const;

/** The style of the i-th of some series: no two of the first twelve are alike in colour and dashes. */
export function seriesStyle(name: string, index: number): SeriesStyle {
  const place = index % palette.length;
  const color = `var(--series-${place + 1}, ${palette[place]?.light})`;
  return { name, color, dashes: dashes[(index + Math.floor(index / palette.length)) % dashes.length] ?? null };
}

const style = { fontSize: "12px", background: "none", color: "currentColor", overflow: "visible" };
/** Pixels of a drawing. Narrow on purpose: on a phone it is shown about as large as it is drawn, so its letters stay readable. */
export const size = { width: 360, height: 240, marginLeft: 48, marginBottom: 38, marginTop: 26 };

/** An SVG text with its sentence for readers who do not see it. */
export function draw(options: Plot.PlotOptions, description: string): string {
  const { document } = parseHTML("<html><body></body></html>");
  const drawn = Plot.plot({ ...size, style, ...options, document });
  drawn.setAttribute("role", "img");
  drawn.setAttribute("aria-label", description);
  return drawn.outerHTML;
}
