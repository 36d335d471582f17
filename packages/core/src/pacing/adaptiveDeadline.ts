import { settingLimits } from "../settings/limits.ts";
import type { RunConditions } from "../settings/runConditions.ts";

/** The fewest durations that a deadline is taken from. */
export const minDurations = 5;

/** Of the past, the latest of a kind of task. */
export const maxDurations = 64;

/** The middle value, of an even number the mean of the two; NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length / 2;
  return (sorted[Math.ceil(half) - 1] + sorted[Math.floor(half)]) / 2;
}

/** The median absolute deviation from the median, unscaled. */
export function medianDeviation(values: readonly number[]): number {
  const centre = median(values);
  return median(values.map((value) => Math.abs(value - centre)));
}

/**
 * Milliseconds for a step from what contributions of its kind have taken, null for no deadline: median + k · MAD, at least the floor; twice that in
 * each further attempt, since what did not arrive in time was not seen; at most the run's `deadlineMs`, which also holds while little is known.
 */
export function adaptedDeadline(
  { deadlineMs, adaptiveDeadline }: Pick<RunConditions, "deadlineMs" | "adaptiveDeadline">,
  durations: readonly number[],
  attempt: number,
): number | null {
  if (adaptiveDeadline === undefined || durations.length < minDurations) return deadlineMs;
  const { deviations, floorMs } = adaptiveDeadline;
  const usual = Math.max(floorMs, median(durations) + deviations * medianDeviation(durations));
  return Math.min(deadlineMs ?? settingLimits.maxDeadlineMs, Math.ceil(usual * 2 ** Math.min(attempt - 1, 30)));
}
