import type { Example } from "@tutti/data";
import { keptExamples } from "../examples/keptExamples.ts";
import { offerExample, openExamplesChannel } from "../examples/offeredExamples.ts";

/** The table of examples that somebody brought to the run in this browser. */
export interface OwnTable {
  /** Whether a tab of this browser has joined with it. */
  isInUse(): Promise<boolean>;
  /** Adds an example in the tab that takes part, or to what it finds when it comes back; rejects where the browser keeps nothing. */
  add(example: Example): Promise<void>;
}

const waitMs = 400;

/** The table of a place, wherever in this browser it is open. */
export function openOwnTable(place: string): OwnTable {
  const shelf = keptExamples(place);
  const channel = openExamplesChannel(place);
  return {
    isInUse: () =>
      shelf.read().then(
        (kept) => kept !== null && kept.identity !== null,
        () => false,
      ),
    add: (example) => offerExample(example, { channel, shelf, waitMs }),
  };
}
