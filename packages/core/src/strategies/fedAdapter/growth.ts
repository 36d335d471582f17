import type { FedAdapterSettings } from "./settings.ts";
import type { Size } from "./size.ts";

/** A size that is tried, and what its devices reported: the mean loss of the trial's first epoch and of its latest; null before any did. */
export type Candidate = Size & { readonly firstLoss: number | null; readonly lastLoss: number | null };

/** The largest size of a run. */
export interface Bounds {
  readonly numLayers: number;
  readonly rank: number;
}

/** The size that a run begins with. */
export function startSize({ startDepth, startWidth }: FedAdapterSettings, { numLayers, rank }: Bounds): Size {
  return { depth: Math.min(startDepth, numLayers), width: Math.min(startWidth, rank) };
}

/** What a trial compares: the size that there is, a wider and a deeper one, as far as the run's bounds leave room. */
export function candidatesFor(
  { depth, width }: Size,
  { depthStep, widthStep }: FedAdapterSettings,
  { numLayers, rank }: Bounds,
): Candidate[] {
  const wider = { depth, width: Math.min(width + widthStep, rank) };
  const deeper = { depth: Math.min(depth + depthStep, numLayers), width };
  const grown = [wider, deeper].filter((size) => size.depth > depth || size.width > width);
  return [{ depth, width }, ...grown].map((size) => ({ ...size, firstLoss: null, lastLoss: null }));
}

/** Rounds from a trial's start to the next one's. */
function period({ trialRounds, roundsBetween }: FedAdapterSettings): number {
  return trialRounds + roundsBetween;
}

/** Whether a trial begins in this round: only where the run has rounds enough to end it. */
export function isTrialDue(round: number, settings: FedAdapterSettings, numRounds: number): boolean {
  return (round - 1) % period(settings) === 0 && round + settings.trialRounds - 1 <= numRounds;
}

/** Whether the trial that is under way ends with this round. */
export function isTrialOver(round: number, settings: FedAdapterSettings): boolean {
  return (round - 1) % period(settings) === settings.trialRounds - 1;
}

/**
 * The place of the size whose loss fell most for each second that a round takes with it. The first one, which is the present size, where no loss
 * fell, and of equals the earlier one.
 */
export function chooseSize(candidates: readonly Candidate[], secondsOf: (size: Size) => number): number {
  let [best, most] = [0, 0];
  for (const [place, one] of candidates.entries()) {
    if (one.firstLoss === null || one.lastLoss === null) continue;
    const perSecond = (one.firstLoss - one.lastLoss) / secondsOf(one);
    if (perSecond > most) [best, most] = [place, perSecond];
  }
  return best;
}
