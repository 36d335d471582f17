import { formatBytes, formatCount } from "@tutti/core";
import type { CountRange, Summary } from "@tutti/record";

/** A score with three digits and a real minus sign; a dash where there is none. */
export function scoreText(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  const text = value.toFixed(3);
  return /^-0\.?0*$/.test(text) ? text.slice(1) : text.replace("-", "−");
}

/** Mean ± standard deviation; the mean alone for a single seed. */
export function summaryText(summary: Summary | null): string {
  if (summary === null) return "–";
  return summary.stdDev === null ? scoreText(summary.mean) : `${scoreText(summary.mean)} ±\u00a0${scoreText(summary.stdDev)}`;
}

/** Such as ` (2 seeds)` behind a mean over fewer seeds than the experiment has; empty for all others. */
export function fewerSeedsText(summary: Summary | null, numSeeds: number): string {
  return summary === null || summary.count >= numSeeds ? "" : ` (${formatCount(summary.count, "seed")})`;
}

/** A whole number with its thousands apart. */
export const wholeText = (count: number | null | undefined) => count?.toLocaleString("en") ?? "–";

/** Such as `of 288 texts`, or of the least to the most where runs had different numbers of them; null where none says how many. */
export function textsText(range: CountRange | null): string | null {
  if (range === null) return null;
  const { least, most } = range;
  return `of ${least === most ? "" : `${wholeText(least)} to `}${wholeText(most)} ${most === 1 ? "text" : "texts"}`;
}

/** Items behind a label in brackets, those that are there: `subj (macro F1, of 500 texts)`. */
export function withRemarks(label: string, remarks: readonly (string | null)[]): string {
  const said = remarks.filter((remark) => remark !== null && remark !== "");
  return said.length === 0 ? label : `${label} (${said.join(", ")})`;
}

/** A difference with its sign. */
export const differenceText = (value: number) => (value > 0 ? `+${scoreText(value)}` : scoreText(value));

/** A share in whole per cent. */
export const percentText = (share: number) => `${Math.round(share * 100)} %`;

/** Items as a sentence reads them: `a, b and c`. */
export function listText(items: readonly string[]): string {
  const last = items.at(-1);
  return last === undefined || items.length === 1 ? (last ?? "none") : `${items.slice(0, -1).join(", ")} and ${last}`;
}

/** With a capital first letter. */
export const capital = (text: string) => `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;

/** An ISO time for people, to the minute, in UTC. */
export const timeText = (iso: string) => `${iso.replace("T", " ").slice(0, 16)} UTC`;

/** Bytes of a mean, which may be a fraction. */
export const meanBytesText = (bytes: number) => formatBytes(Math.round(bytes));
