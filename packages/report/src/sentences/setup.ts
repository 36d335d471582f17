import { formatCount, formatSeconds } from "@tutti/core";
import type { ExperimentResult, RunRecord, SourceRecord } from "@tutti/record";
import { listText, percentText, scoreText, wholeText } from "../text.ts";
import { clientNouns } from "./runs.ts";

/** What the label words of a task have to do with its scores. */
export const labelWordsNote = (backbones: readonly string[]) =>
  `The zero-shot control predicts label words, and so does every method whose head is label words. Where pretraining already used them as labels, the zero-shot score is not that of a model that has never seen them (${backbones.join(", ")}).`;

/** Said wherever methods are listed that have a publication. */
export const ownPublicationNote = "Each method follows its own publication; deviations are listed.";

/** Said where one of the nine baselines is among them. */
export const rememberedNamesNote = "The names of FedPepTAO's nine baselines are those of its paper as remembered; some may differ from it.";

/** Said of settings that are none of the methods. */
export const ownSettingsNote = "The experiment sets everything itself; see Configuration.";

/** Such as `2,000 training rows, 500 validation rows, 1,000 test rows.` */
export const rowsText = ({ numTrain, numValidation, numTest }: ExperimentResult["data"][number]) =>
  `${wholeText(numTrain)} training rows, ${wholeText(numValidation)} validation rows, ${wholeText(numTest)} test rows.`;

/** Of rows that are in the test part and in a training part. */
export const overlapText = ({ numShared, numTest }: { readonly numShared: number; readonly numTest: number }, train: string | null) =>
  `${numShared} of ${numTest} test rows are also in ${train === null ? "the task's own training part" : `the training part of ${train}`}.`;

/** Of a data set that was added. */
export const rowsHashText = (hash: string) => `SHA-256 of the added files: ${hash.slice(0, 12)}….`;

/** A source prompt in a line: what trained it, for how long, and what it had learnt by then. */
export function sourceText({
  name,
  backbone,
  tokens,
  task,
  numExamples,
  numSteps,
  learningRate,
  validation,
  sha256,
}: SourceRecord): string {
  const learnt =
    validation === null
      ? "accuracy not recorded"
      : `accuracy on ${wholeText(validation.numExamples)} validation rows ${scoreText(validation.before)} before and ${scoreText(validation.after)} after`;
  const training = `${wholeText(numExamples)} rows of ${task}, ${wholeText(numSteps)} steps, learning rate ${learningRate}`;
  return `${name}, ${formatCount(tokens, "token")} for ${backbone}: ${training}; ${learnt}; SHA-256 ${sha256.slice(0, 12)}…`;
}

/** What is chosen for a rate; a choice at the edge says so, since a rate beyond it might have been better. */
export const chosenRateText = (chosen: number | null, isAtEdge: boolean) =>
  chosen === null ? "none" : `${chosen}${isAtEdge ? " (edge of the grid)" : ""}`;

/** What a reader has to know of coverage and of answers that could not be replayed. */
export function caveatTexts(coverage: number, unknown: readonly string[]): string[] {
  return [
    coverage < 1
      ? `Not all devices answered the last evaluation: the lowest coverage is ${percentText(coverage)}.`
      : "All devices answered the last evaluation.",
    ...unknown.map((note) => `Some differences could not be tested: ${note}`),
  ];
}

/** How the machine was used; runs may have been made at once, so that their times are said to be a sum. */
export function usageText(given: {
  readonly numRuns: number;
  readonly seconds: number;
  readonly backends: readonly { readonly backend: string; readonly clients: RunRecord["clients"] }[];
  readonly clientsFraction: number | null;
  readonly idleFraction: number | null;
}): string {
  const { numRuns, seconds, clientsFraction, idleFraction } = given;
  const on = [...new Set(given.backends.map(({ backend, clients }) => `${backend} in ${clientNouns[clients][1]}`))];
  const used = clientsFraction === null ? "" : `; clients used ${percentText(clientsFraction)} of the cores in train steps`;
  const waited = idleFraction === null ? "" : `; for ${percentText(idleFraction)} of the time no device had a task`;
  return `${formatCount(numRuns, "run")}, ${formatSeconds(seconds)} in total on ${on.join(", ")}${used}${waited}.`;
}

/** Beside the command of an experiment. */
export const filesNote =
  "experiment.yaml beside this page is the file that was run; results.json has every run's settings with all defaults.";

/** The caption of the table of learning rates. */
export const rateCaption = "Learning rates tried on one seed; the score on the validation split chose";

/** Before the command of an experiment. */
export const commandLead = "This command makes the experiment again:";

/** One value as it is, several with how many runs have each; `whole` is what the experiment itself says. */
export function provenanceOf(noun: string, counts: ReadonlyMap<string, number>, whole: string): string {
  if (counts.size < 2) return `${noun} ${[...counts.keys()][0] ?? whole}`;
  return `${noun}s ${listText([...counts].map(([value, count]) => `${value} (${formatCount(count, "run")})`))}`;
}

/** Of a task of whose splits nothing is known. */
export const noSplitNotes = "no notes on its splits.";
