import { type Method, methods } from "@tutti/core";
import type { LabRun } from "../experiments/labResult.ts";

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
    const known = Object.entries(methods).find(([method]) => method === name)?.[1];
    const own = ["As the experiment's own settings say; the configuration is below."];
    return { title, publication: known?.publication ?? null, deviations: known?.deviations ?? own };
  });
}
