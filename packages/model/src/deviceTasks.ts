import {
  type ContributionBody,
  type DeviceState,
  type EvaluationResult,
  omitNames,
  type Params,
  pickNames,
  type RandomStream,
  type RunSettings,
  residualOf,
  type SearchTask,
  type Split,
  searched,
  subtract,
  type TaskSpec,
} from "@tutti/core";
import type { AnyExample, EvaluationOptions, NamedRows } from "./reader.ts";
import { requireDoable, requireShapes } from "./taskChecks.ts";
import type { LeasedTask, StepProgress, TrainerResult, TrainerTask } from "./trainer.ts";
import { drawDropout, drawInputs, factorsOf } from "./training/dropout.ts";
import type { Tuned } from "./training/gradient.ts";
import { scoreBatch } from "./training/layerScoring.ts";
import { trainLocally } from "./training/localTraining.ts";
import { labelledBatch } from "./training/objective.ts";
import { searchPrompt } from "./training/promptSearch.ts";
import { watchSensitivity } from "./training/sensitivity.ts";
import { probeSpectrum } from "./training/spectrumProbe.ts";
import { flattenTuned } from "./tuning/layout.ts";
import { momentsAt, tunedAt } from "./tuning/ownRanks.ts";
import { withResidual } from "./tuning/residual.ts";
import { hasSparse, readable, tunedSparse } from "./tuning/sparseTask.ts";
import type { DeviceExamples, Workplace } from "./workplace.ts";

/** One task for one device, with everything it may read. */
export interface TaskInput<S extends TaskSpec = TaskSpec> {
  readonly place: Workplace<AnyExample>;
  readonly examples: DeviceExamples<AnyExample>;
  readonly task: TrainerTask & { readonly spec: S };
  readonly state: DeviceState | null;
  readonly onStep?: ((progress: StepProgress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

type Spec<K extends TaskSpec["kind"]> = Extract<TaskSpec, { kind: K }>;
type Body<K extends ContributionBody["kind"]> = Extract<ContributionBody, { kind: K }>;

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
  const { batchSize, shapes } = task.expects;
  const sharedNames = Object.keys(shapes);
  const frozen = Object.keys(task.parameterSets.frozen ?? {});
  const sent = spec.isPersonalised ? deviceParams(task, state, [...sharedNames, ...frozen]) : globalOf(task);
  requireShapes(sent, task);
  const tuned = tunedFor(place, spec, sent);
  const sensitivity = spec.scoresMatrices === true ? watchSensitivity(tuned.layout) : null;
  const result = await trainLocally(tuned, sent, reader.encode(examples.train, trainingRows(examples)), {
    training: { ...run.training, localEpochs: spec.epochs, batchSize },
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
  const { numSteps, firstLoss, lastLoss } = result;
  const scored = sensitivity === null ? {} : { matrixScores: sensitivity.matrixScores() };
  return {
    body: { kind: "train", delta, numSteps, firstLoss, lastLoss, ...scored },
    state: {
      local: spec.isPersonalised ? omitNames(result.params, [...sharedNames, ...frozen]) : {},
      moments: run.training.resetMoments ? null : result.moments,
      stageSteps: (state?.stageSteps ?? 0) + numSteps,
      stage: task.stage,
    },
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
  const { place, task, state, signal } = input;
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

/** Searches the prompt's coordinates by some of the device's examples, from where the server's search stands (P-210). */
async function computeSearch({ place, examples, task, onStep, signal }: TaskInput<Spec<"search">>): Promise<Body<"search">> {
  const { spec, parameterSets } = task;
  const { reader, searchReplica } = place;
  const start = searchReplica.follow(searchTask(task, spec), parameterSets);
  const chosen = stream(place, task, "shuffle").shuffle(examples.train).slice(0, spec.maxExamples);
  const { displacement, fitness, stepSize } = await searchPrompt(reader.tuned, reader.encode(chosen, trainingRows(examples)), {
    start,
    spec,
    candidates: stream(place, task, "candidates"),
    corruption: stream(place, task, "corruption"),
    onStep,
    signal,
  });
  const delta = { [searched]: { shape: [displacement.length], data: Float32Array.from(displacement) } };
  return { kind: "search", delta, fitness, stepSize };
}

/** Which of a task's sets it needs; null for all. */
export function setsForTask({ searchReplica }: Pick<Workplace, "searchReplica">, task: LeasedTask): readonly string[] | null {
  const { spec, setSizes } = task;
  return spec.kind === "search" ? searchReplica.setsFor(searchTask(task, spec), setSizes) : null;
}

function searchTask({ round, expects }: Pick<TrainerTask, "round" | "expects">, spec: Spec<"search">): SearchTask {
  const shape = expects.shapes[searched];
  if (shape === undefined) throw new Error(`a search task wants ${Object.keys(expects.shapes).join(", ")} back, and not ${searched}`);
  return { round, size: shape[0], spec };
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
      return computeTrain({ ...input, task: { ...task, spec } });
    case "score":
      return { body: await computeScore({ ...input, task: { ...task, spec } }), state };
    case "probe":
      return { body: await computeProbe({ ...input, task: { ...task, spec } }), state };
    case "evaluate":
      return { body: await computeEvaluate({ ...input, task: { ...task, spec } }), state };
    case "search":
      return { body: await computeSearch({ ...input, task: { ...task, spec } }), state };
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

/** W, where anything of it travels, and what is frozen beside it, the residual too. */
function globalOf({ parameterSets }: TrainerTask): Params {
  return { ...parameterSets.global, ...parameterSets.frozen, ...residualOf(parameterSets) };
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

function trainingRows({ train }: DeviceExamples<AnyExample>): NamedRows<AnyExample> {
  return { name: "training examples", rows: train };
}

function stream(place: Workplace<AnyExample>, task: TrainerTask, purpose: string): RandomStream {
  return place.random.stream(streamName(task, purpose));
}

function streamName({ stage, round, attempt, deviceId, spec }: TrainerTask, purpose: string) {
  return { stage, round, attempt, device: deviceId, purpose: `${spec.kind}/${purpose}` };
}
