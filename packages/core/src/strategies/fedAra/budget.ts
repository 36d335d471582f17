import type { FedAraSettings } from "./settings.ts";

/** A run's rounds and the components that it starts with and is to end with. */
export interface BudgetCourse extends Pick<FedAraSettings, "warmupRounds" | "cooldownRounds"> {
  readonly numRounds: number;
  readonly start: number;
  readonly target: number;
}

/**
 * Components that may be left after a round: all in the warm-up, then as many more than the target as the third power of the share of rounds that is
 * left (Zhang et al., https://arxiv.org/abs/2303.10512, equation 12), and the target from where the cool-down begins.
 */
export function budgetAfter(round: number, { warmupRounds, cooldownRounds, numRounds, start, target }: BudgetCourse): number {
  if (round <= warmupRounds) return start;
  const last = numRounds - cooldownRounds;
  if (round >= last) return target;
  const left = 1 - (round - warmupRounds) / (last - warmupRounds);
  return Math.floor((start - target) * left * left * left + target);
}
