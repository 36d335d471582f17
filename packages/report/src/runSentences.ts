import { formatCount, formatNumber, formatSeconds } from "@tutti/core";
import { expectedBreakEvenRound, numDevicesOf, type RunOrigin, type RunPosition, type RunRecord, rangeOf, resultOf } from "@tutti/record";
import { listText, textsText, timeText } from "./text.ts";
import { stageNames } from "./words.ts";

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
  return `${formatCount(numDevicesOf(run), "device")}${inClientsText(run)}, ${formatCount(numRounds, "training round")}, seed ${seed}. ${why}. ${machine ?? ""}`.trim();
}

/** Where a run started that did not start from values that its seed draws. */
export function originText(origin: RunOrigin, subject = "This run"): string {
  const hash = `SHA-256 ${origin.sha256.slice(0, 12)}…`;
  if (origin.kind === "branch") {
    const { runId, round, changes } = origin;
    const other = changes.map(({ path, before, after }) => `${path} ${after} in place of ${before}`);
    const settings = other.length === 0 ? "the same settings" : listText(other);
    return `${subject} is a branch of run ${runId}: it goes on after training round ${round}, with ${settings} (${hash}). Its devices start without parameters of their own: what stays on a device starts from what a newcomer had. Steps, bytes and seconds are those of the branch alone.`;
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
