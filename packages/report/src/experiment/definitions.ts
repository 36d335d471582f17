import { findMethod, formatCount, type Method } from "@tutti/core";
import type { ExperimentResult, LabRun } from "@tutti/record";
import { scoreText } from "./text.ts";

/** Said wherever the methods of the comparison are listed. */
export const fromMemoryNote =
  "The names of FedPepTAO's nine baselines come from memory of its paper, of which only the abstract was at hand; each definition is that of the method's own publication, with the deviations listed here.";

/** What a method of an experiment is. */
export interface Definition {
  readonly title: string;
  readonly publication: Method["publication"];
  readonly deviations: readonly string[];
}

/** Definitions of the methods that have a run, in the order of the experiment. */
export function definitionsOf(runs: readonly LabRun[]): Definition[] {
  const titles = new Map(runs.map(({ method, methodTitle }) => [method, methodTitle]));
  return [...titles].map(([name, title]) => {
    const known = findMethod(name);
    const own = ["As the experiment's own settings say; the configuration is below."];
    return { title, publication: known?.publication ?? null, deviations: known?.deviations ?? own };
  });
}

/** The source prompts that runs used, a line each: what trained them, for how long, and what they had learnt by then. */
export function sourceTexts({ sources = [] }: Pick<ExperimentResult, "sources">): string[] {
  return sources.map(({ name, backbone, tokens, task, numExamples, numSteps, learningRate, validation, sha256 }) => {
    const count = (value: number) => value.toLocaleString("en");
    const learnt =
      validation === null
        ? "accuracy not on record"
        : `accuracy on ${count(validation.numExamples)} validation rows ${scoreText(validation.before)} before and ${scoreText(validation.after)} after`;
    const training = `${count(numExamples)} rows of ${task}, ${count(numSteps)} steps, rate ${learningRate}`;
    return `${name}, ${formatCount(tokens, "token")} for ${backbone}: ${training}; ${learnt}; SHA-256 ${sha256.slice(0, 12)}…`;
  });
}
