import { computeDeviceId } from "../computing.ts";
import { roundTrip } from "../encoding.ts";
import { trainedFor } from "../localSteps.ts";
import { add, type Params, pickNames, shapesOf } from "../params.ts";
import { folderNameSchema, integer, number } from "../settings/fields.ts";
import { settingLimits } from "../settings/limits.ts";
import { publicTextsSchema } from "../settings/publicTexts.ts";
import type { Contribution, RoundPlan, TaskSpec } from "../task.ts";
import { tuningOf } from "../tunings/table.ts";
import { averageSent, contributionsOf } from "./averaging.ts";
import { carriedTensors } from "./branching.ts";
import { closingOf, onePerShare, sampleCohort } from "./cohort.ts";
import { expectedDevices, firstTrainStep, nextTrainPosition, type Position, scheduleOf, startOfRound, summaryOf } from "./course.ts";
import { declareStrategy, type StrategySettingsOf } from "./declaration.ts";
import { evaluateSpec, isEvaluationDue, isZeroShotDue, poolEvaluations } from "./evaluations.ts";
import type { GlobalModelState } from "./globalModel.ts";
import { proxyReferenceSchema } from "./proxyScores.ts";
import { sentForm } from "./sentForm.ts";
import type { Strategy, StrategyRun } from "./strategy.ts";
import { taskFor } from "./tasks.ts";
import { allNames, under, withPrefix } from "./tensors.ts";

const settings = {
  /** The large model: a folder under public/backbones with the token table of the run's backbone. */
  large: folderNameSchema.default("concerto"),
  /** a of s_large + a (s_tuned − s_untuned). */
  a: number(0, 10).default(1),
  /** Optimiser steps of a round's distillation; 0 leaves federated averaging of the small model. */
  distillSteps: integer(0, settingLimits.maxSteps).default(16),
  /** Texts in each of them. */
  distillBatchSize: integer(1, settingLimits.maxBatchSize).default(8),
  distillRate: number(1e-8, 10).default(0.001),
  /** T of T² KL(teacher ‖ student). */
  temperature: number(0.01, 100).default(1),
  /** What s_untuned is: the small model as it was pretrained, or as the round began with it. */
  proxyReference: proxyReferenceSchema.default("pretrained"),
  /** Scores kept of s_large − s_small at each position: the largest ones of both models, and one value for all others. */
  topK: integer(1, 1_000_000).default(256),
  /** Share of the training rows, drawn by the seed, that is public: the large model reads them, and no device gets them. */
  distillFraction: number(0.001, 0.9).default(0.1),
  /** Public texts of another file, which the large model reads instead; all training rows then go to devices. */
  distillText: publicTextsSchema
    .nullable()
    .default(null)
    .describe(
      "null for a share of the training rows, or other texts: a file's path, `{ file, text, answer }` with its columns, or a data set's name",
    ),
};

/** Settings of federated proxy-tuning. */
export type FedPtSettings = StrategySettingsOf<"fedPt", typeof settings>;

/** State of `fedPt`: W under `W/…`; between training and distillation the devices' mean under `M/…`. */
export type FedPtState = GlobalModelState<FedPtSettings>;

type Run = StrategyRun<FedPtSettings>;

const decisions: Strategy<FedPtState, Run> = {
  schedule: (run) =>
    scheduleOf({
      first: firstTrainStep,
      next: (position) => nextPosition(position, run),
      at: (position, numEvaluations) => ({
        spec: specAt(position, run, numEvaluations),
        numDevices: isComputed(position) ? 1 : expectedDevices(run, position.kind === "train" ? "cohort" : "all"),
        isFineTuning: false,
      }),
    }),

  init(run, shape, initial) {
    const sent = roundTrip(pickNames(initial, allNames(shape)), run.paramsEncoding);
    return { values: { run, shape, position: firstTrainStep, evaluations: [] }, tensors: withPrefix("W/", sent) };
  },

  branch({ values, tensors }, run, round) {
    const carried = carriedTensors(tensors, { before: values.run, after: run });
    return { values: { ...values, run, position: startOfRound(round + 1), evaluations: [] }, tensors: carried };
  },

  plan(state, roster, random, attempt) {
    const { run, position, evaluations } = state.values;
    if (position.isDone) return { done: true };
    const { stage, round, step } = position;
    const spec = specAt(position, run, evaluations.length);
    const place = { stage, round, step, attempt };
    if (isComputed(position)) return { ...place, ...computed(state, spec), deadlineMs: null, quorum: 1, numDevices: 1 };
    const situation = { run, roster, random, stage, round, attempt };
    const cohort = position.kind === "train" ? sampleCohort(situation) : onePerShare(situation);
    if ("waiting" in cohort) return cohort;
    const sent = under(state.tensors, "W/");
    const shared = position.kind === "train" ? sent : {};
    const tasks = cohort.devices.map((device) => taskFor(device, run, { spec, parameterSets: { global: 0 }, shared }));
    const { deadlineMs, quorum } = run;
    return { ...place, payloads: [sent], tasks, deadlineMs, quorum, numDevices: cohort.numDevices, ...closingOf(cohort) };
  },

  aggregate(state, plan, contributions) {
    const { run, position, evaluations } = state.values;
    const values = { ...state.values, position: nextPosition(position, run) };
    switch (position.kind) {
      case "train":
        return { values, tensors: averaged(state, plan, contributions) };
      case "distil":
        return { values, tensors: distilled(state, contributions) };
      case "evaluate":
        return {
          values: { ...values, evaluations: [...evaluations, poolEvaluations(plan, contributions, false)] },
          tensors: state.tensors,
        };
      default:
        return { values, tensors: state.tensors };
    }
  },

  globalParams: ({ tensors }) => under(tensors, "W/"),

  newcomerParams: ({ tensors }) => under(tensors, "W/"),

  summary: ({ values }) =>
    summaryOf(values, {
      keepFraction: 1,
      selectedLayers: values.shape.layerNames.map((_, layer) => layer),
      sharedNames: allNames(values.shape),
      serverLearningRate: null,
    }),
};

/**
 * Federated proxy-tuning (Gao et al., 2024, https://arxiv.org/abs/2410.00362). Devices train the small model; the server averages it,
 * and a compute client distils the proxy-tuned large model, softmax(s_large + a (s_tuned − s_untuned)), into the mean.
 */
export const fedPt = declareStrategy({
  name: "fedPt",
  title: "FedPT",
  about: "Devices tune a small model; what it learns shifts a large one's scores, which are distilled back into the small one.",
  publication: {
    authors: "Gao, Zhang, Zhang, Gong, Guo",
    title: "FedPT: Federated Proxy-Tuning of Large Language Models on Resource-Constrained Edge Devices",
    venue: "arXiv",
    year: 2024,
    link: "https://arxiv.org/abs/2410.00362",
  },
  deviations: [
    "What is known of it here is its abstract and its figures' captions.",
    "The loss of the distillation is T² KL(teacher ‖ student) over the answers' tokens of public texts, with Adam; the publication's is not known to us.",
    "After the last round nothing is distilled, since no round follows that starts from it: the result is the large model beside the last mean.",
    "Of the large model's scores the largest are kept, with one value for all others; the run's steps say how far that is off.",
  ],
  settings,
  laterSettings: ["distillText"],
  rules: [
    {
      of: ["tuning", "strategy"],
      path: ["tuning", "method"],
      error:
        "FedPT compares the tuned small model with the pretrained one, so the backbone's own weights must stay: use lora, adapter or prompts",
      holds: ({ tuning }) => !tuningOf(tuning).trainsBackbone,
    },
  ],
  takesRules: () => "all",
  needsSingleContributions: () => false,
  needsCompute: ({ distillSteps }) => distillSteps > 0,
  decisions,
  methods: {},
});

/** Training, the large model's scores once, distillation, and an evaluation where one is due; no distillation after the last round. */
function nextPosition(position: Position, run: Run): Position {
  const { kind, step, round } = position;
  if (kind === "train" && isDistilled(run, round)) return { ...position, step: step + 1, kind: round === 1 ? "logits" : "distil" };
  if (kind === "logits") return { ...position, step: step + 1, kind: "distil" };
  if (kind === "evaluate" || !isEvaluationDue(run, round)) return nextTrainPosition({ ...position, kind: "evaluate" }, run);
  return { ...position, step: step + 1, kind: "evaluate" };
}

/** Whether something is distilled into a round's mean. */
function isDistilled({ strategy, numRounds }: Run, round: number): boolean {
  return strategy.distillSteps > 0 && round < numRounds;
}

function isComputed({ kind }: Position): boolean {
  return kind === "logits" || kind === "distil";
}

function specAt({ kind }: Position, run: Run, numEvaluations: number): TaskSpec {
  const { strategy, training } = run;
  const { large, topK, a, temperature } = strategy;
  if (kind === "logits") return { kind, large, topK };
  if (kind === "distil") {
    const { distillSteps: numSteps, distillBatchSize: batchSize, distillRate: learningRate } = strategy;
    return { kind, large, topK, a, temperature, numSteps, batchSize, learningRate };
  }
  if (kind === "evaluate") return evaluateSpec({ isZeroShotDue: isZeroShotDue(run, numEvaluations), isPersonalised: false });
  return { kind: "train", warmupSteps: 0, ...trainedFor(training), isPersonalised: false };
}

/** What a compute client gets: the mean under `global`, and what the round began with where the difference is counted from there. */
function computed({ values, tensors }: FedPtState, spec: TaskSpec): Pick<RoundPlan, "payloads" | "tasks"> {
  const { distillBatchSize: batchSize, proxyReference } = values.run.strategy;
  const common = { encoding: "f32", batchSize, numExamples: 1 } as const;
  const task = { deviceId: computeDeviceId, spec };
  if (spec.kind !== "distil") return { payloads: [], tasks: [{ ...task, parameterSets: {}, expects: { ...common, shapes: {} } }] };
  const mean = under(tensors, "M/");
  const expects = { ...common, shapes: shapesOf(mean) };
  if (proxyReference === "pretrained") return { payloads: [mean], tasks: [{ ...task, parameterSets: { global: 0 }, expects }] };
  return { payloads: [mean, under(tensors, "W/")], tasks: [{ ...task, parameterSets: { global: 0, roundStart: 1 }, expects }] };
}

/** The devices' mean: W where nothing is distilled, and what is distilled into elsewhere. */
function averaged({ values, tensors }: FedPtState, plan: RoundPlan, contributions: readonly Contribution[]): Params {
  const mean = averageSent(values.run, plan, contributions);
  if (!isDistilled(values.run, plan.round)) return withPrefix("W/", mean);
  return { ...withPrefix("W/", under(tensors, "W/")), ...withPrefix("M/", mean) };
}

/** W ← mean + what the student learnt. */
function distilled({ values, tensors }: FedPtState, contributions: readonly Contribution[]): Params {
  const [{ body }] = contributionsOf(contributions, "distil");
  return withPrefix("W/", sentForm(add(under(tensors, "M/"), body.delta), values.run.paramsEncoding));
}
