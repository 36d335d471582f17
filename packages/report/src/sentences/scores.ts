import type { MainMetric, Protocol } from "@tutti/core";
import { fewestSeeds, type Moment } from "@tutti/record";
import { capital, scoreText, withRemarks } from "../text.ts";
import { metricNames } from "../words.ts";

const momentNames: Readonly<Record<Moment, string>> = { final: "after the last round", best: "in the round chosen on validation" };

/** Such as `global, after the last round`. */
export const tableTitle = ({ protocol, moment }: { readonly protocol: Protocol; readonly moment: Moment }) =>
  `${protocol}, ${momentNames[moment]}`;

/** Said wherever a zero-shot score is shown. */
export const zeroShotNote =
  "zero-shot: minuet learnt to fill in label words of other tasks in its second pretraining stage, so this is not the score of a model that has only read text";

/** Said wherever scores of texts are shown. */
export const textNotes = [
  "ROUGE-L (mean F over words) and exact match compare generated answers with their references; the other scores are of the reference's own tokens or bytes, each predicted from all before it. Perplexities and losses are better when they are lower. Untuned is the backbone without what was tuned.",
  "Answers are generated from test rows alone, so that validation rows are judged by token accuracy, and the chosen round is the one with the highest there.",
] as const;

/** The title of the figure of a run's main score. */
export const runScoreTitle = (name: string) => `${capital(name)} on the test split by round`;

/** The caption of a table of texts. */
export const textCaption = (label: string, protocol: Protocol, texts: string | null) =>
  capital(withRemarks(`${label}, ${tableTitle({ protocol, moment: "final" })}`, [texts]));

/** Said beside bold means and marks of ties, in every form of the report. */
export const tieScope = `Differences are tested only under the global protocol after the last round, where every answer is known, and only with ${fewestSeeds} seeds or more. Without a test nothing is bold.`;

/** Said wherever the round that validation chose is shown. */
const bestRoundScope =
  "The round chosen on validation is the one with the highest global score on the validation split, also in the tables of the other protocols.";

/** What bold says, behind a sentence; nothing where nothing is bold. */
const boldText = (isAny: boolean) =>
  isAny ? " Bold marks the best of a column: the test finds its mean above that of every other method." : "";

/** How the tables of scores are read. */
export function scoreNotes(isAnyBold: boolean): string[] {
  return [
    `Mean ± standard deviation over seeds, on the test split.${boldText(isAnyBold)} The controls below the line do not compete. A mean over fewer seeds than the experiment has says over how many. ${bestRoundScope}`,
    `≈ marks a tie with the highest mean of the column: the 95 % interval of the difference contains 0 (paired bootstrap over the test rows of these seeds). The interval covers other test rows, not other seeds, and is not corrected for the number of comparisons. ${tieScope}`,
    "Personalised: every device predicts its own share of the test split, with its own mix of labels; knowing that mix alone already helps. Global: every device predicts a random part of the whole split. Newcomer: a device that joins after training and trains nothing. Scores of different protocols cannot be compared.",
  ];
}

/** How the same tables are read in a short document. */
export const shortScoreNote = (isAnyBold: boolean) =>
  `Mean ± standard deviation over seeds, on the test split.${boldText(isAnyBold)} ≈ marks a tie with the highest mean of the column (paired bootstrap over test rows, 95 %). ${tieScope} ${bestRoundScope} A mean over fewer seeds than the experiment has says over how many.`;

/** What the spread over devices is. */
export const spreadNote =
  "A device is one participant with its own examples. Each device counts once, however many examples it has. The worst tenth is the mean over the tenth of the devices (rounded up) with the lowest accuracy, or with the highest loss.";

/** The caption of a table of scores. */
export const scoresCaption = (title: string, metrics: readonly MainMetric[]) =>
  `${capital(title)} (${metrics.length <= 2 ? metrics.map((metric) => metricNames[metric]).join(" and ") : "the task's metric"})`;

/** By how much the highest mean is ahead. */
export const aheadText = ({ difference, low, high }: { readonly difference: number; readonly low: number; readonly high: number }) =>
  `the highest mean is ahead by ${scoreText(difference)}, 95 % interval ${scoreText(low)} to ${scoreText(high)}`;

/** The caption of a table of the spread over devices. */
export const spreadCaption = (label: string) => `Spread over devices, personalised, after the last round: ${label}`;

/** What the columns of one moment are called in LaTeX. */
export const latexMoments: Readonly<Record<Moment, string>> = { final: "last round", best: "chosen round" };

/** The caption of a table of scores in LaTeX, before what its marks say. */
export const latexScoresCaption = (title: string, scope: string, metrics: readonly string[]) =>
  `${title}: ${scope} (${metrics.join(", ")}; mean ± standard deviation over seeds; after the last round, and in the round chosen on validation).`;

/** The caption of the table of texts in LaTeX, before the notes. */
export const latexTextsCaption = (title: string) => `${title}: scores of texts.`;

/** The caption of the table of the spread in LaTeX, before the note. */
export const latexSpreadCaption = (title: string) => `${title}: spread over devices, personalised, after the last round.`;

/** What marks say in a caption in LaTeX; escaped already. */
export const latexMarks = {
  bold: "Bold: a mean that the test finds above that of every other method",
  tie: "$^{=}$: a tie with the highest mean of the column",
  byTest: " (paired bootstrap over test rows, 95\\,\\%).",
} as const;
