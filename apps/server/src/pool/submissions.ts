import { createHash } from "node:crypto";
import {
  type Contribution,
  type ContributionBody,
  countedExamples,
  type EvaluationResult,
  type ForwardSpec,
  isSvdName,
  type PlannedTask,
  type RunSettings,
  readsStates,
  type Shapes,
  type Stage,
  scoreBounds,
  type TunedShape,
  taskSteps,
  type WordTable,
} from "@tutti/core";
import type { EvaluatedRows } from "@tutti/data/node";
import {
  CodecError,
  type ContributionHeader,
  checkDeviceState,
  decodeDeviceState,
  decodeExpected,
  isRefusal,
  type Refusal,
  refuse,
  type Submit,
} from "@tutti/protocol";

import { checkCounts } from "./evaluatedRows.ts";

import { type HeaderOf, readEdited, readPerturbed, readSearched } from "./forwardSubmissions.ts";

/** What decides whether a submission fits its task. */
export interface Expectation {
  readonly shape: TunedShape;
  readonly task: PlannedTask;
  readonly keepsStates: boolean;
  /** Null of a text task. */
  readonly numClasses: number | null;
  /** Of a run that edits a prompt of words. */
  readonly words?: WordTable | undefined;
  readonly run: RunSettings;
  readonly stage: Stage;
  /** Of every parameter that the run trains. */
  readonly trained: Shapes;
  /** What an evaluation of the device can count at most; null where that is not known. */
  readonly evaluated?: EvaluatedRows | null;
  /** Whether the device lost its private state since its last training contribution. */
  readonly wasReset: boolean;
}

/** The contribution that a submission holds, or the rule that it breaks. */
export function readSubmission(submission: Pick<Submit, "header" | "tensors" | "state">, expected: Expectation): Contribution | Refusal {
  const body = readBody(submission, expected);
  if (isRefusal(body)) return body;
  const wrongState = checkState(submission.state, body, expected);
  if (wrongState !== null) return wrongState;
  const { task, wasReset } = expected;
  return {
    deviceId: task.deviceId,
    numExamples: countedExamples(task.expects.numExamples, expected.run),
    body,
    ...(wasReset ? { wasReset } : {}),
  };
}

/** What tells a duplicate from other bytes under the same task id. The header's names are in the schema's order, so equal headers give equal text. */
export function hashSubmission({ header, tensors }: Pick<Submit, "header" | "tensors">): string {
  const hash = createHash("sha256").update(`${JSON.stringify(header)}\n`);
  if (tensors !== undefined) hash.update(tensors);
  return hash.digest("hex");
}

function readBody({ header, tensors }: Pick<Submit, "header" | "tensors">, expected: Expectation): ContributionBody | Refusal {
  const { spec, expects } = expected.task;
  if (header.kind !== spec.kind) return refuse("P-45", `header.kind: ${header.kind}, expected ${spec.kind}`);
  if (header.kind === "distil") return readDistilled({ header, tensors }, expected.task);
  if (header.kind === "search") return readSearched({ header, tensors }, expected.task);
  if (header.kind === "edit") return readEdited(header, expected);
  if (header.kind === "perturb") return readPerturbed({ header, tensors }, expected.task);
  if (header.kind === "logits") return header;
  if (header.kind === "answers") return checkAnswers(header, expected.task) ?? header;
  if (header.kind !== "train") return checkHeader(header, expected) ?? header;
  if (spec.kind !== "train" || tensors === undefined) return refuse("P-45", "tensors: are missing");
  if (spec.forward !== undefined) return readMeasured({ header, tensors }, spec.forward, expected.task);
  const { numExamples, batchSize } = expects;
  const numSteps = taskSteps(spec, expects);
  if (header.numSteps !== numSteps) {
    const work = spec.steps === undefined ? `${spec.epochs} × ${numExamples} examples in batches of ${batchSize}` : "a task of given steps";
    return refuse("P-46", `header.numSteps: ${header.numSteps}, expected ${numSteps} for ${work}`);
  }
  const { numSkipped = 0 } = header;
  if (numSkipped >= numSteps)
    return refuse("P-255", `header.numSkipped: ${numSkipped} of ${numSteps} steps, expected fewer: a task without a step is declined`);
  const wrongScores =
    checkMatrixScores(header.matrixScores, spec.scoresMatrices === true, expects.shapes) ??
    checkComponentScores(header.componentScores, spec.scoresComponents === true, expects.shapes);
  if (wrongScores !== null) return wrongScores;
  const decoded = decodeExpected(tensors, expects);
  return isRefusal(decoded) ? decoded : { ...header, delta: decoded.params };
}

/** A slope for each direction of the lease, and nothing else (P-251). */
function readMeasured(
  { header, tensors }: { readonly header: HeaderOf<"train">; readonly tensors: Uint8Array },
  { numDirections }: ForwardSpec,
  { expects }: PlannedTask,
): ContributionBody | Refusal {
  if (header.numSteps !== numDirections)
    return refuse("P-251", `header.numSteps: ${header.numSteps}, expected ${numDirections}, one for each direction`);
  if (header.numSkipped !== undefined) return refuse("P-251", `header.numSkipped: ${header.numSkipped}, where no step is taken`);
  const scores = checkMatrixScores(header.matrixScores, false, {}) ?? checkComponentScores(header.componentScores, false, {});
  if (scores !== null) return scores;
  const decoded = decodeExpected(tensors, expects);
  return isRefusal(decoded) ? decoded : { ...header, delta: decoded.params };
}

/** Scores are asked for of every matrix whose factors travel, each by the name of its b; the schema refuses those below 0 and those that are no numbers. */
function checkMatrixScores(scores: Readonly<Record<string, number>> | undefined, isAsked: boolean, shapes: Shapes): Refusal | null {
  if (scores === undefined) return isAsked ? refuse("P-45", "header.matrixScores: are missing") : null;
  if (!isAsked) return refuse("P-45", "header.matrixScores: were not asked for");
  const asked = Object.keys(shapes).filter((name) => name.startsWith("lora/") && name.endsWith("/b"));
  const stranger = Object.keys(scores).find((name) => !asked.includes(name));
  if (stranger !== undefined)
    return refuse(
      "P-45",
      `header.matrixScores: ${stranger.slice(0, 80)} is not a matrix of this task, whose matrices are ${asked.join(", ")}`.slice(0, 500),
    );
  const missing = asked.find((name) => scores[name] === undefined);
  return missing === undefined ? null : refuse("P-45", `header.matrixScores: ${missing} is missing`);
}

/** Scores are asked for of every component that travels, under the name of its matrix's e (P-236). */
function checkComponentScores(
  scores: Readonly<Record<string, readonly number[]>> | undefined,
  isAsked: boolean,
  shapes: Shapes,
): Refusal | null {
  if (scores === undefined) return isAsked ? refuse("P-236", "header.componentScores: are missing") : null;
  if (!isAsked) return refuse("P-236", "header.componentScores: were not asked for");
  const asked = Object.keys(shapes).filter((name) => isSvdName(name) && name.endsWith("/e"));
  const stranger = Object.keys(scores).find((name) => !asked.includes(name));
  if (stranger !== undefined) return refuse("P-236", `header.componentScores: ${stranger.slice(0, 80)} is not a matrix of this task`);
  const wrong = asked.find((name) => scores[name]?.length !== shapes[name]?.[0]);
  if (wrong === undefined) return null;
  return refuse("P-236", `header.componentScores: ${wrong} has ${scores[wrong]?.length ?? 0} of them, expected ${shapes[wrong]?.[0]}`);
}

/** What a compute client distilled (P-91). */
function readDistilled(
  { header, tensors }: { readonly header: HeaderOf<"distil">; readonly tensors: Uint8Array | undefined },
  { spec, expects }: PlannedTask,
): ContributionBody | Refusal {
  if (spec.kind !== "distil" || tensors === undefined) return refuse("P-45", "tensors: are missing");
  if (header.numSteps !== spec.numSteps) return refuse("P-91", `header.numSteps: ${header.numSteps}, expected ${spec.numSteps}`);
  const decoded = decodeExpected(tensors, expects);
  return isRefusal(decoded) ? decoded : { ...header, delta: decoded.params };
}

/** No more answers than were asked for; the test part may have fewer messages. */
function checkAnswers({ answers }: HeaderOf<"answers">, { spec }: PlannedTask): Refusal | null {
  if (spec.kind === "answers" && answers.length <= spec.numTexts) return null;
  const most = spec.kind === "answers" ? spec.numTexts : 0;
  return refuse("P-91", `header.answers: ${answers.length} of them, at most ${most} were asked for`);
}

function checkHeader(
  header: Exclude<ContributionHeader, { kind: "train" | "search" | "edit" | "perturb" | "logits" | "distil" | "answers" }>,
  { task, shape, numClasses, evaluated = null }: Expectation,
): Refusal | null {
  const { spec } = task;
  if (header.kind === "score" && spec.kind === "score") {
    return checkScores(header.layerScores, shape.numLayers, spec.scoreLastLayer) ?? checkScoreSizes(header.layerScores, task);
  }
  if (header.kind === "probe" && spec.kind === "probe") {
    const found = header.ritzValues.length;
    return found <= spec.lanczosSteps
      ? null
      : refuse("P-45", `header.ritzValues: ${found} of them, at most ${spec.lanczosSteps} were asked for`);
  }
  if (header.kind !== "evaluate" || spec.kind !== "evaluate") return refuse("P-45", `header.kind: expected ${spec.kind}`);
  const asked = new Set(spec.protocols.flatMap((protocol) => spec.splits.map((split) => `${protocol}/${split}`)));
  for (const { protocol, split } of header.results) {
    if (!asked.delete(`${protocol}/${split}`))
      return refuse("P-45", `header.results: ${protocol}/${split} was not asked for, or is given twice`);
  }
  if (asked.size > 0) return refuse("P-45", `header.results: ${[...asked].join(", ")} was asked for and is missing`);
  return firstOf(header.results.map((result) => checkResult(result, numClasses) ?? checkCounts(result, evaluated)));
}

function firstOf(refusals: readonly (Refusal | null)[]): Refusal | null {
  return refusals.find((refusal) => refusal !== null) ?? null;
}

function checkResult(result: EvaluationResult, numClasses: number | null): Refusal | null {
  if ("text" in result)
    return numClasses === null ? null : refuse("P-45", `header.results: sums over texts, expected ${numClasses} classes`);
  const found = result.confusion.length;
  const expected = numClasses === null ? "sums over texts" : String(numClasses);
  return found === numClasses ? null : refuse("P-45", `header.results: a confusion matrix of ${found} classes, expected ${expected}`);
}

/** A device abstains as a whole or scores every layer but, where it is not asked for, the last: one null would take a layer from all devices. */
function checkScores(scores: readonly (number | null)[] | null, numLayers: number, scoreLastLayer: boolean): Refusal | null {
  if (scores === null) return null;
  if (scores.length !== numLayers) return refuse("P-45", `header.layerScores: ${scores.length} of them, expected ${numLayers}`);
  const wrong = scores.findIndex((score, layer) => (score === null) !== (layer === numLayers - 1 && !scoreLastLayer));
  if (wrong < 0) return null;
  return refuse("P-45", `header.layerScores[${wrong}]: ${scores[wrong]}, expected ${scores[wrong] === null ? "a score" : "null"}`);
}

/** Scores further off than hidden states can make them would choose the layers alone. */
function checkScoreSizes(scores: readonly (number | null)[] | null, { spec, expects }: PlannedTask): Refusal | null {
  if (scores === null || spec.kind !== "score" || !readsStates(spec.selector)) return null;
  const { least, most } = scoreBounds(spec.selector, Math.max(expects.batchSize, spec.minBatch));
  const wrong = scores.findIndex((score) => score !== null && (score < least || score > most));
  if (wrong < 0) return null;
  return refuse("P-131", `header.layerScores[${wrong}]: ${scores[wrong]}, expected ${least} to ${most}`);
}

function checkState(state: Uint8Array | undefined, body: ContributionBody, expected: Expectation): Refusal | null {
  if (state === undefined) return null;
  if (!expected.keepsStates) return refuse("P-56", "state: this run keeps device states on their clients only");
  const { spec, expects } = expected.task;
  if (spec.kind !== "train" || body.kind !== "train") return refuse("P-56", `state: a ${spec.kind} task changes none`);
  const { stage, trained, run } = expected;
  const { isPersonalised, hasOwnRanks = false, live } = spec;
  try {
    return checkDeviceState(decodeDeviceState(state), {
      stage,
      numSteps: body.numSteps - (body.numSkipped ?? 0),
      trained,
      shared: expects.shapes,
      isPersonalised,
      hasOwnRanks,
      ...(live === undefined ? {} : { live }),
      clipNorm: run.training.clipNorm,
    });
  } catch (cause) {
    if (cause instanceof CodecError) return refuse("P-56", cause.message);
    throw cause;
  }
}
