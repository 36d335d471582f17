import { createRandom } from "./random.ts";
import type { RunConditions } from "./settings/runConditions.ts";

/** Indices of the test rows whose answers a run's report shows, ascending: drawn by the run's seed; all of them where there are no more. */
export function shownRows({ seed }: Pick<RunConditions, "seed">, numTest: number, numShown: number): number[] {
  const stream = createRandom(seed).stream({ purpose: "shown answers" });
  const rows = Array.from({ length: numTest }, (_, row) => row);
  return stream
    .shuffle(rows)
    .slice(0, numShown)
    .sort((a, b) => a - b);
}
