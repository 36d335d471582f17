/** What has to be known to read the costs. */
export const costNotes = [
  "Bytes on the wire, without pages, backbone and data. Scoring and counting (Stages A and B) are charged to the run that needs them, in bytes and in seconds. Seconds depend on the machine; the total includes loading and evaluation.",
  "A tab fetches what its devices share once, so devices that share a tab are counted once in bytes down; devices on separate machines would each fetch a round's parameters. Evaluation is counted apart, in neither bytes up nor bytes down, because it serves the comparison and not the method.",
];

/** How the trade-off is read. */
export const tradeoffNote =
  "Full dots are on the Pareto front of the means: no other method reaches as high a mean with as few bytes. The line is the highest mean up to each number of bytes. Differences are not tested here.";

/** The caption of a table of costs. */
export const costCaption = (conditions: string) => `Mean cost of a run${conditions === "" ? "" : `, ${conditions}`}`;
