import { formatBytes, formatCount, formatNumber, formatPercent, formatSeconds, ranksText } from "@tutti/core";
import type { RunRecord } from "@tutti/record";

// What is said of fleets and of plans for unlike machines; all other sentences are in sentences.ts.

/** Over the table of a fleet's costs. */
export const fleetCaption = (label: string) => `Time of a training round and under-use by device: ${label}`;

/** Under the tables of fleets. */
export const fleetNotes = [
  "All means are over the training rounds, a warm-up round and trials included, and over seeds. A round goes from its plan to its aggregate; a device's time from the moment its task was sent until its contribution was there.",
  "Under-use is the share of the round's slowest device's time that a device has nothing to do, by measured times; in brackets by planned ones, which are FedPipe's costs of the same task on the machine that the client claims, for every method.",
] as const;

/** How much a run trained as it went on. */
export function sizesText({ sizes = [] }: RunRecord): string {
  return sizes
    .map(({ round, depth, width }) => `${formatCount(depth, "layer")} × ${formatCount(width, "component")} from round ${round}`)
    .join(", ");
}

/** Over the table of plans: how long rounds were, beside what the slowest plan expects. */
export function plansCaption({ steps = [], plans = [] }: RunRecord): string {
  const rounds = steps.filter(({ stage, kind }) => stage === "train" && kind === "train").slice(1);
  const planned = formatSeconds(Math.max(...plans.map(({ seconds }) => seconds)));
  if (rounds.length === 0) return `The slowest plan expects ${planned} a round`;
  const mean = rounds.reduce((sum, { seconds }) => sum + seconds, 0) / rounds.length;
  return `Rounds after the warm-up took ${formatSeconds(mean)} on average; the slowest plan expects ${planned}`;
}

/** Under the table of plans. */
export const plansNotes = [
  "Rate, memory and link are what each client claims of its machine: its own measurement, or the machine that it simulates.",
  "Ranks are given as rank × number of matrices. Under-use is the share of the round's time that a plan leaves unused by the planner's costs.",
] as const;

/** What of a device's latest plan a line of the terminal says. */
interface ToldPlan {
  readonly deviceId: number;
  readonly bits: number;
  readonly batchSize: number;
  readonly ranks: readonly number[];
  readonly seconds: number;
  readonly memoryBytes: number;
  readonly underUse: number;
  readonly machine: { readonly flopsPerSecond: number; readonly memoryBytes: number; readonly bytesPerSecond: number };
}

/** A device's plan, and what its client claims, in a line. */
export function planText({ deviceId, bits, batchSize, ranks, seconds, memoryBytes, underUse, machine }: ToldPlan): string {
  const { flopsPerSecond, memoryBytes: most, bytesPerSecond } = machine;
  const claimed = `${formatNumber(flopsPerSecond / 1e9)} Gflop/s, ${formatBytes(bytesPerSecond)}/s`;
  const planned = `${bits} bits, batches of ${batchSize}, ranks × matrices ${ranksText(ranks.filter((rank) => rank > 0))}`;
  const memory = `${formatBytes(memoryBytes)} of ${formatBytes(most)}`;
  return `device ${deviceId} (${claimed}): ${planned}; ${memory}; ${formatSeconds(seconds)} a round, ${formatPercent(underUse)} unused`;
}

/** Why a device has no part in a round. */
export const leftOutText = ({ deviceId, reason }: { readonly deviceId: number; readonly reason: string }) =>
  `device ${deviceId} is left out: ${reason}`;
