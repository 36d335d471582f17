import { formatCount } from "@tutti/core";
import type { Summary } from "@tutti/record";

const digits = 3;

/** A score with three digits and a real minus sign; a dash where there is none. */
export function scoreText(value: number | null | undefined): string {
  return value === null || value === undefined || !Number.isFinite(value) ? "–" : signed(value.toFixed(digits));
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

/** Such as `of 288 texts`, or of the least to the most where runs had other numbers of them; null where none says how many. */
export function textsText(counts: readonly number[]): string | null {
  if (counts.length === 0) return null;
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  const number = (count: number) => count.toLocaleString("en");
  if (least !== most) return `of ${number(least)} to ${number(most)} texts`;
  return `of ${number(most)} ${most === 1 ? "text" : "texts"}`;
}

/** Items behind a label in brackets, those that are there: `subj (macro F1, of 500 texts)`. */
export function withRemarks(label: string, remarks: readonly (string | null)[]): string {
  const said = remarks.filter((remark) => remark !== null && remark !== "");
  return said.length === 0 ? label : `${label} (${said.join(", ")})`;
}

/** A difference with its sign. */
export function differenceText(value: number): string {
  return value > 0 ? `+${scoreText(value)}` : scoreText(value);
}

/** Items as a sentence reads them: `a, b and c`. */
export function listText(items: readonly string[]): string {
  const last = items.at(-1);
  return last === undefined || items.length === 1 ? (last ?? "none") : `${items.slice(0, -1).join(", ")} and ${last}`;
}

function signed(text: string): string {
  return /^-0\.?0*$/.test(text) ? text.slice(1) : text.replace("-", "−");
}
