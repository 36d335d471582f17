import type { ExperimentResult, RateChoice } from "@tutti/record";
import { scoreText } from "./text.ts";

/** Heads of the table of rates; the first names what was chosen for. */
export const rateHeads = ["what", "seed", "validation rows", "tried", "chosen"] as const;

/** A choice of a rate as the tables show it, in the order of the heads. */
export type RateLine = readonly [what: string, seed: string, numRows: string, tried: string, chosen: string];

/** The rates that were tried: on how many validation rows, with what score, and whether the choice lies at the edge of its grid. */
export function rateLines({ rates, data = [] }: Partial<Pick<ExperimentResult, "data">> & Pick<ExperimentResult, "rates">): RateLine[] {
  return rates.map((choice) => {
    const numRows = data.find(({ task }) => task === choice.task)?.numValidation;
    const tried = choice.tried.map(({ clientLearningRate, validation }) => `${clientLearningRate}: ${scoreText(validation)}`).join("; ");
    return [choice.key, String(choice.seed), numRows?.toLocaleString("en") ?? "–", tried, chosenText(choice)];
  });
}

/** A choice at the edge says so: a rate beyond it might have been better. */
function chosenText({ tried, chosen }: RateChoice): string {
  if (chosen === null) return "none";
  const grid = tried.map(({ clientLearningRate }) => clientLearningRate);
  const isAtEdge = grid.length > 1 && (chosen === Math.min(...grid) || chosen === Math.max(...grid));
  return `${chosen}${isAtEdge ? " (edge of the grid)" : ""}`;
}
