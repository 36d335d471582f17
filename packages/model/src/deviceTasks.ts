import {
  type DeviceState,
  type EvaluationResult,
  type ForwardSpec,
  frozenOf,
  omitNames,
  type Params,
  pickNames,
  type RunSettings,
  type SeedPoolSpec,
  type Split,
  slopes,
  subtract,
  type TaskSpec,
  trainingOfTask,
} from "@tutti/core";
import { computeEdit, computePerturb, computeSearch, pooled, pooledTask, searchTask } from "./forwardTasks.ts";
import type { AnyExample, EvaluationOptions } from "./reader.ts";
import { requireDoable, requireShapes } from "./taskChecks.ts";
import { type Body, globalOf, type Spec, stream, streamName, type TaskInput, trainingRows } from "./taskInput.ts";
import type { LeasedTask, TrainerResult, TrainerTask } from "./trainer.ts";
import { drawDropout, drawInputs, factorsOf } from "./training/dropout.ts";
import { measureSlopes } from "./training/forwardSlopes.ts";
import type { Tuned } from "./training/gradient.ts";
import { scoreBatch } from "./training/layerScoring.ts";
import { trainLocally } from "./training/localTraining.ts";
import { labelledBatch } from "./training/objective.ts";
import { watchSensitivity } from "./training/sensitivity.ts";
import { probeSpectrum } from "./training/spectrumProbe.ts";
import { flattenTuned } from "./tuning/layout.ts";
import { liveIn, momentsAt, momentsOfLive, tunedAt } from "./tuning/ownRanks.ts";
import { withResidual } from "./tuning/residual.ts";
import { hasSparse, readable, tunedSparse } from "./tuning/sparseTask.ts";
import type { DeviceExamples, Workplace } from "./workplace.ts";

/** Scores every layer on the device's first shuffled batch (fedpeptao.md §3). */
async function computeScore({ place, examples, task, signal }: TaskInput<Spec<"score">>): Promise<Body<"score">> {
  signal?.throwIfAborted();
  const { spec } = task;
  const { layout, run, reader } = place;
  const size = Math.max(task.expects.batchSize, spec.minBatch);
  const batch = firstBatch(place, examples, task, size);
  const values = flattenTuned(layout, globalOf(task));
  const random = spec.dropout ? stream(place, task, "dropout") : null;
  const dropout = random === null ? null : drawDropout(layout, run.tuning.promptDropout, random);
  const factors = dropout === null ? null : factorsOf(dropout);
  const seen = factors === null ? values : values.map((value, i) => value * factors[i]);
  const inputDraws = random === null ? undefined : drawInputs(reader.tuned.tuner, random);
  const layerScores = await withResidual({ ...reader.tuned, inputDraws }, globalOf(task), (tuned) => scoreBatch(tuned, seen, batch, spec));
  return { kind: "score", layerScores };
}

/** Trains all parameters on the device's examples; what is shared travels as a difference, the rest stays (fedpeptao.md §5). */
async function computeTrain(input: TaskInput<Spec<"train">>): Promise<{ body: Body<"train">; state: DeviceState }> {
  const { place, examples, task, onStep, signal } = input;
  const { spec } = task;
  const { run, reader, random } = place;
  const state = input.state?.stage === task.stage ? input.state : null;
  const { correction } = task.parameterSets;
  const { shapes } = task.expects;
  const sharedNames = Object.keys(shapes);
  const frozen = Object.keys(frozenOf(task.parameterSets));
  const sent = spec.isPersonalised ? deviceParams(task, state, [...sharedNames, ...frozen]) : globalOf(task);
  requireShapes(sent, task);
  const tuned = tunedFor(place, spec, sent);
  if (spec.live !== undefined) liveIn(place.layout, spec.live, sent);
  const isScoring = spec.scoresMatrices === true || spec.scoresComponents === true;
  const sensitivity = isScoring ? watchSensitivity(tuned.layout) : null;
  const result = await trainLocally(tuned, sent, reader.encode(examples.train, trainingRows(examples)), {
    training: trainingOfTask(run.training, spec, task.expects),
    promptDropout: run.tuning.promptDropout,
    warmupSteps: spec.warmupSteps,
    stageSteps: state?.stageSteps ?? 0,
    moments: momentsFor(input, state, tuned),
    correction,
    fades: spec.fades,
    frozen,
    shuffle: random.stream(streamName(task, "shuffle")),
    dropout: random.stream(streamName(task, "dropout")),
    onGradient: sensitivity?.add,
    onStep,
    signal,
  });
  const delta = subtract(pickNames(result.params, sharedNames), pickNames(globalOf(task), sharedNames));
  const { numSteps, numSkipped, firstLoss, lastLoss } = result;
  const skipped = numSkipped === 0 ? {} : { numSkipped };
  const scored = {
    ...(sensitivity === null || spec.scoresMatrices !== true ? {} : { matrixScores: sensitivity.matrixScores() }),
    ...(sensitivity === null || spec.scoresComponents !== true ? {} : { componentScores: sensitivity.componentScores() }),
  };
  return {
    body: { kind: "train", delta, numSteps, ...skipped, firstLoss, lastLoss, ...scored },
    state: {
      local: spec.isPersonalised ? omitNames(result.params, [...sharedNames, ...frozen]) : {},
      moments: run.training.resetMoments ? null : result.moments,
      stageSteps: (state?.stageSteps ?? 0) + numSteps - numSkipped,
      stage: task.stage,
      ...(spec.live === undefined ? {} : { live: spec.live }),
    },
  };
}

/** Measures slopes at W by forward passes alone, on some of the device's examples; it trains nothing and keeps nothing (P-251). */
async function computeSlopes(
  { place, examples, task, state, onStep, signal }: TaskInput<Spec<"train">>,
  forward: ForwardSpec,
): Promise<{ body: Body<"train">; state: DeviceState }> {
  const { reader } = place;
  const { global = {} } = task.parameterSets;
  const chosen = stream(place, task, "shuffle").shuffle(examples.train).slice(0, forward.maxExamples);
  const params = { all: globalOf(task), perturbed: Object.keys(global) };
  const measured = await measureSlopes(reader.tuned, params, reader.encode(chosen, trainingRows(examples)), {
    spec: forward,
    onStep,
    signal,
  });
  const { numDirections } = forward;
  const numSteps = numDirections;
  const before = state?.stage === task.stage ? state.stageSteps : 0;
  return {
    body: {
      kind: "train",
      delta: { [slopes]: { shape: [numDirections], data: measured.slopes } },
      numSteps,
      firstLoss: measured.loss,
      lastLoss: measured.loss,
    },
    state: { local: {}, moments: null, stageSteps: before + numSteps, stage: task.stage },
  };
}

/** The backbone with what this task trains: by default everything that the run names. */
function tunedFor(place: Workplace<AnyExample>, { hasOwnRanks }: Spec<"train">, sent: Params): Tuned {
  if (hasSparse(sent)) return tunedSparse(place.reader.tuned, place.random, sent);
  return hasOwnRanks === true ? tunedAt(place, sent) : place.reader.tuned;
}

/** The moments that a device goes on with; null where it starts without. */
function momentsFor({ place, task }: TaskInput<Spec<"train">>, state: DeviceState | null, { layout }: Tuned): DeviceState["moments"] {
  const before = place.run.training.resetMoments ? null : (state?.moments ?? null);
  const { live } = task.spec;
  if (before !== null && live !== undefined)
    return state?.live === undefined ? null : momentsOfLive(place.layout, before, { before: state.live, after: live });
  if (before === null || task.spec.hasOwnRanks === true) return before === null ? null : momentsAt(layout, before);
  return isOf(layout, before) ? before : null; // another stage of the method trained something else
}

function isOf({ entries }: Tuned["layout"], { m }: NonNullable<DeviceState["moments"]>): boolean {
  return entries.every(({ name, numValues }) => m[name]?.data.length === numValues);
}

/** Estimates the spectrum of the loss's Hessian on the device's first shuffled batch (fedpeptao.md §4). */
async function computeProbe(input: TaskInput<Spec<"probe">>): Promise<Body<"probe">> {
  const { place, examples, task, onStep, signal } = input;
  const { lanczosSteps } = task.spec;
  const { reader, layout, transformer } = place;
  const batch = labelledBatch(firstBatch(place, examples, task, task.expects.batchSize), transformer.config.padTokenId);
  const global = globalOf(task);
  const spectrum = await withResidual(reader.tuned, global, (tuned) =>
    probeSpectrum(tuned, flattenTuned(layout, global), batch, {
      lanczosSteps,
      random: stream(place, task, "rademacher"),
      onStep: (step) => onStep?.({ step, numSteps: lanczosSteps, loss: 0 }),
      signal,
    }),
  );
  return { kind: "probe", ...spectrum };
}

/** Predicts the device's evaluation rows under each protocol (fedpeptao.md §6); changes nothing. */
async function computeEvaluate(input: TaskInput<Spec<"evaluate">>): Promise<Body<"evaluate">> {
  const { place, state, signal } = input;
  const { pool } = input.task.spec;
  const task = pool === undefined ? input.task : { ...input.task, parameterSets: { global: await pooled(input, pool) } };
  const results: EvaluationResult[] = [];
  const sharedNames = Object.keys(globalOf(task));
  const hasOwn = Object.keys(omitNames(state?.local ?? {}, sharedNames)).length > 0;
  for (const protocol of task.spec.protocols) {
    if (protocol === "newcomer" && !hasOwn) {
      const same = results.filter((result) => result.protocol === "global"); // the same parameters on the same rows
      results.push(...same.map((result) => ({ ...result, protocol })));
      if (same.length > 0) continue;
    }
    const isZeroShot = protocol === "zeroShot";
    const reader = isZeroShot ? place.zeroShotReader() : place.reader;
    const params = isZeroShot ? null : readable(place, deviceParams(task, protocol === "newcomer" ? null : state, sharedNames));
    for (const split of task.spec.splits) {
      const rows = protocol === "personalised" ? personalisedRows(input.examples, split) : globalRows(input.examples, split);
      const among = { name: `${split} examples`, rows };
      const scores = await reader.evaluate(params, rows, { among, ...generationOf(place.run, split), signal });
      results.push({ protocol, split, ...scores });
    }
  }
  return { kind: "evaluate", results };
}

function poolOf(spec: TaskSpec): SeedPoolSpec | null {
  return spec.kind === "perturb" || spec.kind === "evaluate" ? (spec.pool ?? null) : null;
}

/** Which of a task's sets it needs; null for all. */
export function setsForTask(
  place: Pick<Workplace, "searchReplica" | "seedReplica" | "layout">,
  task: LeasedTask,
): readonly string[] | null {
  const { spec, setSizes } = task;
  const { searchReplica, seedReplica } = place;
  const pool = poolOf(spec);
  if (pool !== null) return seedReplica.setsFor(pooledTask(place, pool), setSizes);
  return spec.kind === "search" ? searchReplica.setsFor(searchTask(task, spec), setSizes) : null;
}

/** A device's part of the answers that are generated, of the test rows alone. */
export function generationOf(
  { generation = {}, numDevices }: Pick<RunSettings, "generation" | "numDevices">,
  split: Split,
): Pick<EvaluationOptions, "maxGenerated" | "maxNewTokens"> {
  const { numAnswers = 64, maxNewTokens = 48 } = generation;
  return { maxGenerated: split === "test" ? Math.ceil(numAnswers / numDevices) : 0, maxNewTokens };
}

/** Does the task; the state is handed back unchanged by everything but training. */
export async function computeTask(input: TaskInput): Promise<TrainerResult> {
  const { task, state } = input;
  const { spec } = task;
  requireDoable(task, input.examples.train.length);
  switch (spec.kind) {
    case "train":
      if (spec.forward !== undefined) return computeSlopes({ ...input, task: { ...task, spec } }, spec.forward);
      return computeTrain({ ...input, task: { ...task, spec } });
    case "score":
      return { body: await computeScore({ ...input, task: { ...task, spec } }), state };
    case "probe":
      return { body: await computeProbe({ ...input, task: { ...task, spec } }), state };
    case "evaluate":
      return { body: await computeEvaluate({ ...input, task: { ...task, spec } }), state };
    case "search":
      return { body: await computeSearch({ ...input, task: { ...task, spec } }), state };
    case "edit":
      return { body: await computeEdit({ ...input, task: { ...task, spec } }), state };
    case "perturb":
      return { body: await computePerturb({ ...input, task: { ...task, spec } }), state };
    case "logits":
    case "distil":
    case "answers":
      throw new Error(`a device does no ${spec.kind} task: a compute client does`);
  }
}

/** What the device itself uses: W for shared names, then its own, then where a device without its own starts. */
function deviceParams(task: TrainerTask, state: DeviceState | null, sharedNames: readonly string[]): Params {
  const global = globalOf(task);
  return { ...global, ...task.parameterSets.initial, ...state?.local, ...pickNames(global, sharedNames) };
}

/** The validation split is dealt only evenly; what was asked for is answered, with an empty matrix. */
function personalisedRows(examples: DeviceExamples<AnyExample>, split: Split): readonly AnyExample[] {
  return split === "test" ? examples.personalised : [];
}

function globalRows(examples: DeviceExamples<AnyExample>, split: Split): readonly AnyExample[] {
  return split === "test" ? examples.globalTest : examples.globalValidation;
}

function firstBatch(place: Workplace<AnyExample>, examples: DeviceExamples<AnyExample>, task: TrainerTask, size: number) {
  const batch = stream(place, task, "shuffle").shuffle(examples.train).slice(0, size);
  return place.reader.encode(batch, trainingRows(examples));
}
