import { formatCount, type Protocol } from "@tutti/core";
import { fewestSeeds } from "@tutti/record";
import { differenceText, listText, meanBytesText, percentText, scoreText, withRemarks } from "../text.ts";

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
