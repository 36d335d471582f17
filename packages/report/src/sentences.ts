import { claimLimit, formatCount, formatNumber, formatSeconds, type MainMetric, type Protocol } from "@tutti/core";
import {
  type ComparedCell,
  type ExperimentResult,
  expectedBreakEvenRound,
  fewestSeeds,
  type Moment,
  numDevicesOf,
  type Remark,
  type RunOrigin,
  type RunPosition,
  type RunRecord,
  rangeOf,
  resultOf,
  type SourceRecord,
  variantText,
} from "@tutti/record";
import {
  capital,
  differenceText,
  listText,
  meanBytesText,
  percentText,
  scoreText,
  textsText,
  timeText,
  wholeText,
  withRemarks,
} from "./text.ts";
import { againstNames, metricNames, stageNames } from "./words.ts";

/** What the clients of a run are called. */
export const clientNouns = { tabs: ["tab", "tabs"], node: ["Node process", "Node processes"], any: ["client", "clients"] } as const;

/** Such as ` in 4 tabs`; empty where the clients were not counted. */
export function inClientsText({ numClients, clients }: RunRecord): string {
  const [one, many] = clientNouns[clients];
  return numClients === undefined ? "" : ` in ${formatCount(numClients, one, many)}`;
}

/** Where a run's scores are not of as many texts as the majority class's, such as where an open roster left part of the test split to nobody; else null. */
export function otherTextsText({ final, controls }: RunRecord): string | null {
  const ofControl = controls.majorityScores?.numTexts;
  const counts = Object.values(final).flatMap(({ numTexts }) => numTexts ?? []);
  const scored = rangeOf(counts.filter((count) => count !== ofControl));
  if (ofControl === undefined || scored === null) return null;
  return `The score of the majority class is that of the whole test split, ${formatCount(ofControl, "text")}; scores ${textsText(scored)} are not on the same texts, so compare them with care.`;
}

/** How a run that is by itself was made. */
export function runText(run: RunRecord): string {
  const { settings, backend, backendReason, threads, uploads = [], position, seed, machine } = run;
  // a run that goes has not had them all
  const numRounds = position === undefined ? uploads.length : settings.numRounds;
  const parallel = threads === undefined ? "" : ` × ${formatCount(threads, "thread")}`;
  const why = `Backend: ${backendReason ?? `${backend}${parallel}`}`;
  return `${formatCount(numDevicesOf(run), "device")}${inClientsText(run)}, ${formatCount(numRounds, "training round")}, seed ${seed}. ${claimText(settings)}${why}. ${machine ?? ""}`.trim();
}

/** How far the number of examples counts that a device claims; empty where nobody claims one, or any counts. */
function claimText(settings: RunRecord["settings"]): string {
  const limit = claimLimit(settings);
  return limit === null ? "" : `No device counts with more than ${formatCount(limit, "example")}, whatever it claims. `;
}

/** Where a run started that did not start from values that its seed draws. */
export function originText(origin: RunOrigin, subject = "This run"): string {
  const hash = `SHA-256 ${origin.sha256.slice(0, 12)}…`;
  if (origin.kind === "branch") {
    const { runId, round, changes } = origin;
    const other = changes.map(({ path, before, after }) => `${path} ${after} in place of ${before}`);
    const settings = other.length === 0 ? "the same settings" : listText(other);
    return `${subject} is a branch of run ${runId}: it goes on after training round ${round}, with ${settings} (${hash}). Its devices start from the parameters that a newcomer got then. Steps, bytes and seconds are those of the branch alone.`;
  }
  const { path, source, runId, baseModel } = origin;
  const what = source === "peftAdapter" ? "the adapter" : "the prompts";
  const made = runId === null ? (baseModel === null ? "" : `, tuned on ${baseModel}`) : ` of run ${runId}`;
  return `${subject} started from ${what}${made}, in place of values drawn from the seed (read from ${path}, ${hash}).`;
}

/** How far a run is that is not over. */
export function positionText({ stage, round, numRounds, numStepsDone, numSteps, secondsLeft, at, isRunning }: RunPosition): string {
  const left = secondsLeft === null || !isRunning ? "" : `, about ${formatSeconds(secondsLeft)} left`;
  const where = `${stageNames[stage]} round ${round} of ${numRounds}, ${numStepsDone} of ${numSteps} steps done${left}`;
  const when = `Written ${timeText(at)}.`;
  return isRunning
    ? `This run is still going: ${where}. The scores are those it has so far. ${when}`
    : `This run has stopped before its end: ${where}. The same command goes on with it. ${when}`;
}

/** When the smaller uploads have paid for scoring and counting; null before the first training round. */
export function breakEvenText(run: RunRecord): string | null {
  const { breakEvenRound, bytes, rounds } = resultOf(run);
  if (rounds === 0) return null;
  const says = (when: string) => `The smaller uploads have paid for scoring and counting ${when}.`;
  if (breakEvenRound !== null) return says(`by round ${breakEvenRound} of ${rounds}`);
  const expected = expectedBreakEvenRound(bytes.stagesAB, run.uploads ?? []);
  return `The smaller uploads have not paid for scoring and counting within ${formatCount(rounds, "round")}${expected === null ? "" : `; at this pace they will by round ${expected}`}.`;
}

/** The share of the layers that travels. */
export function keptLayersText({ keepFraction, selectedLayers, layerScores }: RunRecord): string {
  if (selectedLayers.length === 0) return "Which layers are sent is not decided yet.";
  return `Keep fraction r = ${formatNumber(keepFraction ?? 1)}: ${selectedLayers.length} of ${layerScores.length} layers are sent.`;
}

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

/** Over the answers that a compute client generated. */
export const answersNote = (numAnswers: number) =>
  `${formatCount(numAnswers, "message")} of the public test part, drawn by the run's seed, each with its reference and the answer that a compute client generated with the parameters that a newcomer gets at the end of the run.`;

/** Where a report has no answers. */
export const noAnswersText = ({ id, position }: Pick<RunRecord, "id" | "position">) =>
  position !== undefined
    ? "A compute client generates ten answers for this report when the run is over."
    : `This report has no answers, since no compute client gave any when the run ended. \`npx tutti predict --prompts ${id} "a message"\` answers with what the run tuned; a run that is served without --no-compute starts a compute client by itself.`;

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

/** What has to be known to read the costs. */
export const costNotes = [
  "Bytes on the wire, without pages, backbone and data. Scoring and counting (Stages A and B) are charged to the run that needs them, in bytes and in seconds. Seconds depend on the machine; the total includes loading and evaluation.",
  "A tab fetches what its devices share once, so devices that share a tab are counted once in bytes down; devices on separate machines would each fetch a round's parameters. Evaluation is counted apart, in neither bytes up nor bytes down, because it serves the comparison and not the method.",
];

/** How the trade-off is read. */
export const tradeoffNote =
  "Full dots are on the Pareto front of the means: no other method reaches as high a mean with as few bytes. The line is the highest mean up to each number of bytes. Differences are not tested here.";

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

/** A run's name in a list. */
export function runName(run: RunRecord): string {
  const variant = variantText(run);
  return `${run.methodTitle}${variant === "" ? "" : `, ${variant}`}, ${run.task}, seed ${run.seed}`;
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

/** What has to be known of a comparison, or why there is none. */
export function remarkText(remark: Remark): string {
  switch (remark.kind) {
    case "noRun":
      return `Nothing can be compared: the ${remark.side} experiment has no run.`;
    case "noTask":
      return `Nothing can be compared: the first has ${listText(remark.first)}, the second ${listText(remark.second)}.`;
    case "noLine": {
      const [first, second] = [remark.first, remark.second].map(({ lines, columns }) => `${listText(lines)} (${columns.join("; ")})`);
      return `Nothing can be compared: on ${listText(remark.tasks)} no method finished in both under the same conditions. The first has ${first}; the second has ${second}.`;
    }
    case "otherNames":
      return "Each side has one method on these tasks, so methods of different names are compared.";
    case "otherSeeds":
      return "The sides have different seeds, which may explain part of a difference.";
    case "otherData":
      return `The data files on ${listText(remark.tasks)} are not the same (their hashes differ): test rows are not paired, there is no interval, and the difference means little.`;
    case "otherRows":
      return `The test rows on ${listText(remark.tasks)} are not the same (another split or data file): there is no interval, and the difference means little.`;
    case "noAnswers":
      return "Without an interval, some run does not say its answers row by row.";
    case "fewSeeds":
      return `With fewer than ${fewestSeeds} seeds on a side, the variation between seeds is unknown: neither side is called better.`;
    case "onlyIn":
      return `Only in the ${remark.side}: ${listText(remark.lines)}.`;
  }
}

/** Which of two compared sides is better, where the test can tell. */
export function verdictText({ paired }: Pick<ComparedCell, "paired">): string {
  if (paired === null) return "";
  if (paired.isTie) return "tie";
  return paired.difference > 0 ? "second is better" : "first is better";
}

/** How large an experiment is. */
export function extentText(given: {
  readonly numRuns: number;
  readonly numMethods: number;
  readonly numRows: number;
  readonly numTasks: number;
  readonly numSeeds: number;
  readonly numFailed: number;
  readonly numTrials: number;
}): string {
  const { numRuns, numMethods, numRows, numTasks, numSeeds, numFailed, numTrials } = given;
  const variants = numRows === numMethods ? "" : ` in ${formatCount(numRows, "variant")}`;
  const what = `${formatCount(numRuns, "run")} of ${formatCount(numMethods, "method")}${variants} on ${formatCount(numTasks, "task")} with ${formatCount(numSeeds, "seed")}`;
  const failed = numFailed === 0 ? "none failed" : `${numFailed} failed and ${numFailed === 1 ? "is" : "are"} in no table`;
  return `${what}; ${failed}.${numTrials > 0 ? ` ${formatCount(numTrials, "further run")} only served to choose learning rates.` : ""}`;
}

/** What the test says of FedPepTAO on a task. */
export type Standing = "best" | "highest" | "tie" | "behind" | "untestedHighest" | "untestedBelow";

/** What is said of it, in the order of the sentence; without a test only which mean is higher. */
const standings: Readonly<Record<Standing, string>> = {
  best: "is the best on",
  highest: "has the highest mean, as a tie, on",
  untestedHighest: "has the highest mean on",
  tie: "ties with the highest mean on",
  behind: "is behind the highest mean on",
  untestedBelow: "has a mean below the highest on",
};

/** FedPepTAO beside the other method with the highest mean on one task. */
export interface StandingOnTask {
  readonly standing: Standing;
  readonly label: string;
  /** FedPepTAO's mean minus the rival's. */
  readonly difference: number;
  readonly rival: string;
}

/** FedPepTAO beside its rivals, task by task. */
export function standingText(protocol: Protocol, outcomes: readonly StandingOnTask[]): string {
  const parts = (Object.keys(standings) as Standing[]).flatMap((standing) => {
    const here = outcomes.filter((outcome) => outcome.standing === standing);
    const texts = here.map(({ label, difference, rival }) => `${label} (${differenceText(difference)} against ${rival})`);
    return texts.length === 0 ? [] : [`${standings[standing]} ${listText(texts)}`];
  });
  const untested = outcomes.filter(({ standing }) => standing.startsWith("untested")).map(({ label }) => label);
  const unknown = untested.length === 0 ? "" : ` The difference on ${listText(untested)} could not be tested.`;
  const scope = protocol === "global" ? unknown : " Differences are not tested under this protocol.";
  return `Under the ${protocol} protocol, after the last round, FedPepTAO ${parts.join("; it ")}.${scope}`;
}

/** Which methods have the highest mean of a column. */
export interface TopOfColumn {
  readonly label: string;
  readonly protocol: Protocol;
  readonly names: readonly string[];
  readonly mean: number;
  readonly texts: string | null;
  /** Whether the test finds it above every other. */
  readonly isBest: boolean;
  readonly ties: readonly string[];
  readonly numUntested: number;
}

/** Which mean is the highest; the best only where the test finds it above every other. */
export function topText({ label, protocol, names, mean, texts, isBest, ties, numUntested }: TopOfColumn): string {
  const score = withRemarks(scoreText(mean), [texts]);
  const who = listText(names);
  if (isBest) return `${label}, ${protocol}: ${who} is best with ${score}; the test finds it above every other method.`;
  const [has, it] = names.length === 1 ? ["has", "it"] : ["have", "them"];
  const tied = ties.length === 0 ? "" : `; ${listText(ties)} ${ties.length === 1 ? "ties" : "tie"} with ${it}`;
  const unknown = numUntested === 0 ? "" : `; the difference to ${formatCount(numUntested, "other method")} could not be tested`;
  return `${label}, ${protocol}: ${who} ${has} the highest mean, ${score}${tied}${unknown}.`;
}

/** Which means are not above the commonest class. */
export function belowMajorityText(label: string, names: readonly string[], score: number, texts: string | null): string {
  const [mean, is] = names.length === 1 ? ["the mean", "is"] : ["the means", "are"];
  const bound = [scoreText(score), texts].filter((text) => text !== null).join(" ");
  return `${label}: ${mean} of ${listText(names)} ${is} not above the score of always predicting the commonest class (${bound}).`;
}

/** Methods that end at or below the score of the backbone they tune. */
export function untunedText(label: string, names: readonly string[], score: number, texts: string | null): string {
  const bound = [scoreText(score), texts].filter((text) => text !== null).join(" ");
  return `${label}: ${listText(names)} ${names.length === 1 ? "ends" : "end"} not above the backbone without tuning (${bound}).`;
}

/** Methods whose mean fell after the round that validation chose. */
export function fallenText(
  label: string,
  falls: readonly { readonly name: string; readonly before: number; readonly after: number }[],
): string {
  const each = falls.map(({ name, before, after }) => `${name} from ${scoreText(before)} to ${scoreText(after)}`);
  return `${label}: from the round chosen on validation to the last one the mean falls: ${listText(each)}.`;
}

/** A method's mean score and bytes. */
interface Costing {
  readonly name: string;
  readonly score: number;
  readonly bytes: number;
}

/** Methods that sent as many bytes as another one, or more, for no higher score. */
export function outdoneText(label: string, winner: Costing, others: readonly Costing[]): string {
  const each = others.map(({ name, score, bytes }) => `${name} (${scoreText(score)} at ${meanBytesText(bytes)})`);
  return `${label}: no higher score than ${winner.name} (${scoreText(winner.score)} at ${meanBytesText(winner.bytes)}) for as many bytes or more: ${listText(each)}.`;
}

/** FedPepTAO's bytes beside those of a method that sends all layers. */
export interface TrafficComparison {
  readonly bytes: number;
  readonly stagesAB: number;
  readonly otherBytes: number;
  readonly other: string;
  /** Columns by the round at which the smaller uploads had paid; null for never. */
  readonly paidBack: readonly { readonly label: string; readonly round: number | null }[];
}

/** The same in words. */
export function trafficText({ bytes, stagesAB, otherBytes, other, paidBack }: TrafficComparison): string {
  const stages = `${percentText(stagesAB / bytes)} of it in scoring and counting`;
  const sent = `FedPepTAO sent and received ${meanBytesText(bytes)} in a run without evaluation, ${stages}: ${(bytes / otherBytes).toFixed(2)} times the ${meanBytesText(otherBytes)} of ${other}, which sends all layers.`;
  const paid = paidBack.filter(({ round }) => round !== null);
  const never = paidBack.filter(({ round }) => round === null).map(({ label }) => label);
  const rounds = [...new Set(paid.map(({ round }) => String(round)))];
  const when = paid.length === 0 ? [] : [`had paid for that by round ${listText(rounds)} (${listText(paid.map(({ label }) => label))})`];
  const not = never.length === 0 ? [] : [`did not pay for it within the run on ${listText(never)}`];
  return `${sent}${when.length + not.length === 0 ? "" : ` Its smaller uploads ${[...when, ...not].join("; they ")}.`}`;
}

/** How far conditions agree on the order of layers. */
export const rankText = (lowest: number, highest: number, numPairs: number) =>
  `The order of layer scores under two sets of conditions agrees with a rank correlation of ${scoreText(lowest)} to ${scoreText(highest)} (${formatCount(numPairs, "pair")}).`;

/** Too few seeds for a test. */
export const fewSeedsText = (numSeeds: number) =>
  `With ${formatCount(numSeeds, "seed")} the variation between seeds is unknown, so no difference is tested: at least ${fewestSeeds} seeds are needed.`;

/** Beside the spectra of an experiment. */
export const spectraNote =
  "Ritz values of the Hessian of the loss at the probing devices, for one seed each; results.json has all of them.";

/** Beside the command of an experiment. */
export const filesNote =
  "experiment.yaml beside this page is the file that was run; results.json has every run's settings with all defaults.";

/** The caption of a table of scores. */
export const scoresCaption = (title: string, metrics: readonly MainMetric[]) =>
  `${capital(title)} (${metrics.length <= 2 ? metrics.map((metric) => metricNames[metric]).join(" and ") : "the task's metric"})`;

/** By how much the highest mean is ahead. */
export const aheadText = ({ difference, low, high }: { readonly difference: number; readonly low: number; readonly high: number }) =>
  `the highest mean is ahead by ${scoreText(difference)}, 95 % interval ${scoreText(low)} to ${scoreText(high)}`;

/** The caption of a table of the spread over devices. */
export const spreadCaption = (label: string) => `Spread over devices, personalised, after the last round: ${label}`;
/** The caption of a table of costs. */
export const costCaption = (conditions: string) => `Mean cost of a run${conditions === "" ? "" : `, ${conditions}`}`;

/** The caption of the table of learning rates. */
export const rateCaption = "Learning rates tried on one seed; the score on the validation split chose";
/** Before the command of an experiment. */
export const commandLead = "This command makes the experiment again:";
/** One value as it is, several with how many runs have each; `whole` is what the experiment itself says. */
export function provenanceOf(noun: string, counts: ReadonlyMap<string, number>, whole: string): string {
  if (counts.size < 2) return `${noun} ${[...counts.keys()][0] ?? whole}`;
  return `${noun}s ${listText([...counts].map(([value, count]) => `${value} (${formatCount(count, "run")})`))}`;
}

/** Of a run without scores. */
export const noScores = "No run has a score yet.";

/** Of a task of whose splits nothing is known. */
export const noSplitNotes = "no notes on its splits.";

/** The caption of a table in LaTeX, already escaped parts in it. */
export const latexMarks = {
  bold: " Bold: a mean that the test finds above that of every other method",
  tie: " $^{=}$: a tie with the highest mean of the column",
  byTest: " (paired bootstrap over test rows, 95\\,\\%).",
} as const;

/** Of two experiments with the same settings. */
export const noDifference = "No setting differs.";

/** How a heat map of layer scores is read. */
export function heatMapNotes(given: {
  readonly hasRounds: boolean;
  readonly isThinned: boolean;
  readonly unmeasured: readonly string[];
}): string[] {
  return [
    "A stronger blue ranks higher within its column. A frame marks a layer that is sent; it is fainter where the layer is not sent with every seed. Numbers are means over seeds.",
    given.hasRounds
      ? "Layers were selected once, with the scores of round 0. Later scores are measured beside the run, with the parameters that a newcomer had then, and change nothing in it."
      : "Layers are scored once, before the first round.",
    ...(given.isThinned ? ["Not every scored round is shown; results.json has all of them."] : []),
    ...(given.unmeasured.length === 0
      ? []
      : [`Runs from before later rounds were measured have round 0 only: ${given.unmeasured.join("; ")}.`]),
  ];
}

/** How alike the first and the last order of layers are. */
export const driftText = (drifts: readonly string[]) =>
  `The order of the layers at the first and the last round agrees with this Spearman's ρ, mean over seeds: ${drifts.join("; ")}.`;

/** Curves for readers who do not see them. */
export function curvesText(given: {
  readonly label: string;
  readonly shown: string;
  readonly against: keyof typeof againstNames;
  readonly protocol: Protocol;
  readonly ends: readonly { readonly name: string; readonly y: number }[];
}): string {
  const { label, shown, against, protocol, ends } = given;
  const lines = formatCount(ends.length, "method");
  return `${label}: ${shown} on the test split by ${againstNames[against]}, ${protocol} protocol, ${lines}. ${curveEndsText(ends)}`.trim();
}

/** Where curves end. */
function curveEndsText(ends: readonly { readonly name: string; readonly y: number }[]): string {
  const sorted = [...ends].sort((a, b) => b.y - a.y);
  const [first, last] = [sorted[0], sorted.at(-1)];
  if (first === undefined || last === undefined) return "";
  if (first === last) return `${first.name} ends at ${first.y.toFixed(3)}.`;
  return `Highest at the end: ${first.name} with ${first.y.toFixed(3)}; lowest: ${last.name} with ${last.y.toFixed(3)}.`;
}

/** A trade-off for readers who do not see it. */
export function tradeoffText(
  label: string,
  name: string,
  protocol: Protocol,
  front: readonly { readonly name: string; readonly score: number; readonly megabytes: number }[],
): string {
  const onFront = front.map((point) => `${point.name} (${point.score.toFixed(3)} at ${point.megabytes.toFixed(1)} MB)`).join(", ");
  return `${label}: ${name} against bytes on the wire, ${protocol} protocol. On the Pareto front of the means, cheapest first: ${onFront}.`;
}

/** Layer scores of one run for readers who do not see them. */
export const layerScoresText = (order: readonly number[], selected: readonly number[]) =>
  `Layers by score, highest first: ${order.join(", ")}. Sent: ${selected.length === 0 ? "none" : selected.join(", ")}.`;

/** Bytes by phase for readers who do not see them. */
export const phaseBytesText = (phases: readonly { readonly phase: string; readonly up: number; readonly down: number }[]) =>
  `Bytes by phase: ${phases.map(({ phase, up, down }) => `${phase} ${meanBytesText(up)} up and ${meanBytesText(down)} down`).join("; ")}.`;

/** Ritz values for readers who do not see them. */
export function spectrumText(given: {
  readonly label: string;
  readonly numValues: number;
  readonly numDevices: number;
  readonly least: string;
  readonly most: string;
  readonly keep: string;
}): string {
  const { label, numValues, numDevices, least, most, keep } = given;
  return `${label}: ${formatCount(numValues, "Ritz value")} from ${formatCount(numDevices, "device")}, between ${least} and ${most}${keep}.`;
}

/** The title of a figure of Ritz values. */
export const ritzTitle = (label: string, keep: string) => `Ritz values: ${label}${keep}`;

/** The title of a heat map, or its first sentence with what its columns are. */
export const heatMapText = (name: string, columns: readonly string[]) =>
  columns.length === 0 ? `Layer scores: ${name}` : `Layer scores of ${name} by ${columns.join("; ")}.`;

/** Lines of one run for readers who do not see them. */
export const seriesText = (title: string, ends: readonly { readonly name: string; readonly y: number }[]) =>
  `${title}. ${curveEndsText(ends)}`;
