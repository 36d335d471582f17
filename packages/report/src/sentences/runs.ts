import { claimLimit, formatCount, formatNumber, formatSeconds } from "@tutti/core";
import {
  expectedBreakEvenRound,
  numDevicesOf,
  type RunOrigin,
  type RunPosition,
  type RunRecord,
  rangeOf,
  resultOf,
  variantText,
} from "@tutti/record";
import { listText, textsText, timeText } from "../text.ts";
import { stageNames } from "../words.ts";

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

/** How many batches devices say they skipped; null for none. */
export function skippedText({ steps = [] }: Pick<RunRecord, "steps">): string | null {
  const counts = steps.flatMap(({ numSkipped = 0 }) => (numSkipped === 0 ? [] : [numSkipped]));
  if (counts.length === 0) return null;
  const total = counts.reduce((sum, count) => sum + count, 0);
  return `Devices skipped ${formatCount(total, "batch", "batches")} in ${formatCount(counts.length, "training step")}, because loss or gradient was not finite; a learning rate that is too high is the usual reason.`;
}

/** What a reader should know of a run's scores. */
export function scoreRemarks(run: RunRecord): string[] {
  return [otherTextsText(run), skippedText(run)].filter((text) => text !== null);
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

/** Over the answers that a compute client generated. */
export const answersNote = (numAnswers: number) =>
  `${formatCount(numAnswers, "message")} of the public test part, drawn by the run's seed, each with its reference and the answer that a compute client generated with the parameters that a newcomer gets at the end of the run.`;

/** Where a report has no answers. */
export const noAnswersText = ({ id, position }: Pick<RunRecord, "id" | "position">) =>
  position !== undefined
    ? "A compute client generates ten answers for this report when the run is over."
    : `This report has no answers, since no compute client gave any when the run ended. \`npx tutti predict --prompts ${id} "a message"\` answers with what the run tuned; a run that is served without --no-compute starts a compute client by itself.`;

/** A run's name in a list. */
export function runName(run: RunRecord): string {
  const variant = variantText(run);
  return `${run.methodTitle}${variant === "" ? "" : `, ${variant}`}, ${run.task}, seed ${run.seed}`;
}

/** Of a run without scores. */
export const noScores = "No run has a score yet.";
