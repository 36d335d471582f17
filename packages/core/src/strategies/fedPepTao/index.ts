import { ruleOf } from "../../aggregation/table.ts";
import { deviations } from "../../deviations.ts";
import { trainedFor } from "../../localSteps.ts";
import { pickNames } from "../../params.ts";
import type { Contribution, ParameterSets, RoundPlan, TaskSpec } from "../../task.ts";
import { hasLayers, layeredMethods } from "../../tunings/table.ts";
import { carriedTensors } from "../branching.ts";
import { closingOf, firstInOrder, onePerShare, type Situation, sampleCohort, wholeRoster } from "../cohort.ts";
import { expectedDevices, latestTrainRound, type Position, scheduleOf, startOfRound } from "../course.ts";
import { declareStrategy } from "../declaration.ts";
import { evaluateSpec, isZeroShotDue, poolEvaluations } from "../evaluations.ts";
import { fedAvgM } from "../fedAvgM.ts";
import { forgetControl } from "../forgetControls.ts";
import { serverRateAt } from "../serverRates/table.ts";
import type { Strategy } from "../strategy.ts";
import { taskFor } from "../tasks.ts";
import { allNames, namesOfLayers, under } from "../tensors.ts";
import { firstPosition, nextPosition, numRoundsOf } from "./course.ts";
import { closeCounting, closeProbing, closeScoring, startTraining } from "./layerStages.ts";
import { type FedPepTaoRun, type FedPepTaoSettings, fedPepTaoSettings, requireSettled } from "./settings.ts";
import { type FedPepTaoState, type FedPepTaoValues, startTensors } from "./state.ts";
import { closeTraining, firstServerRate, serverRateAfter } from "./trainStage.ts";

const decisions: Strategy<FedPepTaoState, FedPepTaoRun> = {
  schedule(run) {
    const settings = run.strategy;
    return scheduleOf({
      first: firstPosition(settings),
      next: (position) => nextPosition(position, run, settings),
      at: (position, numEvaluations) => ({
        spec: specAt(position, run, { numEvaluations, isPersonalised: keepsLayers(settings) }),
        numDevices:
          position.kind === "probe" ? Math.min(settings.probeDevices, run.numDevices) : expectedDevices(run, whoIsAsked(position)),
        isFineTuning: false,
      }),
    });
  },

  init(run, shape, initial) {
    const settings = run.strategy;
    const position = firstPosition(settings);
    const values: FedPepTaoValues = {
      run,
      settings,
      shape,
      position,
      layerScores: null,
      lastCohort: [],
      probes: [],
      keepFraction: null,
      selectedLayers: null,
      evaluations: [],
      serverLearningRate: firstServerRate(run, settings),
    };
    const state = { values, tensors: startTensors(settings, run, shape, initial) };
    return position.stage === "train" ? startTraining(state) : state;
  },

  branch({ values, tensors }, run, round) {
    const settings = run.strategy;
    requireSettled(values.settings, settings);
    const carried = carriedTensors(tensors, { before: values.run, after: run });
    const position = startOfRound(round + 1);
    const serverLearningRate = serverRateAfter(round, run, settings);
    return { values: { ...values, run, settings, position, serverLearningRate, evaluations: [] }, tensors: carried };
  },

  plan(state, roster, random, attempt) {
    const { run, position } = state.values;
    if (position.isDone) return { done: true };
    const { stage, round, step, kind } = position;
    const cohort = cohortFor(state.values, { run, roster, random, stage, round, attempt });
    if ("waiting" in cohort) return cohort;
    const { shape, selectedLayers, evaluations } = state.values;
    const stays = isPersonalised(shape.numLayers, selectedLayers);
    const spec = specAt(position, run, { numEvaluations: evaluations.length, isPersonalised: stays });
    const sent = under(state.tensors, "W/");
    const local = stage === "train" ? under(state.tensors, "initial/") : {};
    const hasLocal = Object.keys(local).length > 0;
    const parameterSets: ParameterSets<number> = { global: 0, ...(hasLocal ? { initial: 1 } : {}) };
    const shared = kind === "train" ? pickNames(sent, sharedNames(state.values)) : {};
    return {
      stage,
      round,
      step,
      attempt,
      payloads: hasLocal ? [sent, local] : [sent],
      tasks: cohort.devices.map((device) => taskFor(device, run, { spec, parameterSets, shared })),
      deadlineMs: run.deadlineMs,
      quorum: kind === "probe" ? 1 : run.quorum, // a prober that leaves is replaced
      numDevices: cohort.numDevices,
      ...closingOf(cohort),
    };
  },

  aggregate(state, plan, contributions) {
    const { run, settings, position } = state.values;
    const closed = closeStep(state, plan, contributions);
    const next = nextPosition(position, run, settings);
    const moved = { ...closed, values: { ...closed.values, position: next } };
    return position.stage !== "train" && next.stage === "train" ? startTraining(moved) : moved;
  },

  forget(state, deviceId, numDevices) {
    const tensors = forgetControl(state.tensors, deviceId, numDevices);
    const probes = state.values.probes.filter((probe) => probe.deviceId !== deviceId);
    if (tensors === state.tensors && probes.length === state.values.probes.length) return state;
    return { values: { ...state.values, probes }, tensors };
  },

  globalParams: (state) => under(state.tensors, "W/"),

  newcomerParams: ({ values, tensors }) => pickNames({ ...under(tensors, "initial/"), ...under(tensors, "W/") }, allNames(values.shape)),

  summary({ values }) {
    const { run, settings, position, layerScores, probes, keepFraction, selectedLayers, evaluations } = values;
    const moment = { round: latestTrainRound(position), numRounds: run.numRounds };
    const serverLearningRate = serverRateAt(values.serverLearningRate, settings.serverRateSchedule, moment);
    const { stage, round, step, isDone } = position;
    const sharedNames = selectedLayers === null ? null : namesOfLayers(values.shape, selectedLayers);
    const numRounds = numRoundsOf(stage, run, settings);
    return {
      stage,
      round,
      numRounds,
      step,
      isDone,
      layerScores,
      probes,
      keepFraction,
      selectedLayers,
      sharedNames,
      serverLearningRate,
      evaluations,
    };
  },
};

const own = [
  "Unless the base is the official preset, the settings are this project's defaults and not those of the public code.",
  "With initial prompts from counting, the prompts of the counting rounds are kept: the method trains for that many rounds more than the others, and their bytes and seconds count.",
  "Every step draws one dropout mask, also under the official preset; the public code draws one for every example.",
];

/** FedPepTAO (Che et al., EMNLP 2023): score the layers, count how many travel, then train with adaptive aggregation (fedpeptao.md §§3-5). */
export const fedPepTao = declareStrategy({
  name: "fedPepTao",
  title: "FedPepTAO",
  about: "Devices score the layers and the server counts how many travel; then it averages those with momentum and control variates.",
  publication: {
    authors: "Che, Liu, Zhou, Ren, Zhou, Sheng, Dai, Dou",
    title: "Federated Learning of Large Language Models with Parameter-Efficient Prompt Tuning and Adaptive Optimization",
    venue: "EMNLP",
    year: 2023,
    link: "https://arxiv.org/abs/2310.15080",
  },
  deviations: own,
  settings: fedPepTaoSettings,
  laterSettings: ["pooling"],
  rules: [
    {
      of: ["strategy", "tuning"],
      path: ["strategy", "selector"],
      error: `only ${layeredMethods} have layers to choose from; give selector all`,
      holds: ({ strategy, tuning }) => strategy.selector === "all" || hasLayers(tuning),
    },
    {
      of: ["strategy", "training"],
      path: ["training", "clientLearningRate"],
      error: "control variates are computed by a division by it: give a positive rate",
      holds: ({ strategy, training }) => !strategy.controlVariates || training.clientLearningRate > 0,
    },
    {
      of: ["strategy", "aggregation"],
      path: ["strategy", "serverStep"],
      error:
        "sequential steps go from device to device, and no rule can judge devices beside each other: give parallel, or leave aggregation out",
      holds: ({ strategy, aggregation }) => strategy.serverStep === "parallel" || ruleOf({ aggregation }) === null,
    },
  ],
  takesRules: () => "all",
  needsSingleContributions: ({ controlVariates, serverStep }) => controlVariates || serverStep === "sequential",
  decisions,
  methods: {
    fedPepTao: {
      deviations: own,
      role: "own",
      trained: "prompts in every layer",
      travels: "the prompts of the layers that scoring and counting chose, and the head; the others stay on the device",
      strategy: (settings) => settings,
    },
    momSAdamD: {
      title: "MomS+AdamD",
      publication: fedAvgM.publication,
      deviations: [
        deviations.fromMemory,
        "The devices' optimiser is AdamW.",
        "The velocity is FedPepTAO's: βV + (1 − β)D, subtracted from the average at a rate that starts as the device's and falls by 1 % a step. The publication subtracts βV + D from the last global parameters at rate 1. So the velocity moves the average little.",
        "The first round takes the plain average.",
        deviations.prefixWithoutNetwork,
      ],
      role: "baseline",
      baseline: 9,
      trained: "prompts in every layer, with Adam on the devices and momentum on the server",
      travels: "all of them and the head",
      rates: { of: "pTuningV2" },
      strategy: (settings) => ({
        ...settings,
        selector: "all",
        keepFraction: 1,
        countingRounds: 0,
        initialPrompts: "fresh",
        controlVariates: false,
        pseudoGradient: "displacement",
        serverStep: "parallel",
        serverLearningRate: "client",
        serverLearningRateDecay: 0.99,
      }),
    },
  },
});

function cohortFor({ settings, position, lastCohort }: FedPepTaoValues, situation: Situation) {
  if (position.kind === "probe") return firstInOrder(situation, lastCohort, settings.probeDevices);
  if (position.kind === "evaluate") return onePerShare(situation);
  return whoIsAsked(position) === "cohort" ? sampleCohort(situation) : wholeRoster(situation);
}

/** Of a step that is not a probe. */
function whoIsAsked({ kind }: Position): "cohort" | "all" {
  return kind === "train" ? "cohort" : "all";
}

/** What the settings leave open of a step. */
interface Situated {
  readonly numEvaluations: number;
  /** Whether some layers stay on the devices. */
  readonly isPersonalised: boolean;
}

function specAt({ stage, kind }: Position, run: FedPepTaoRun, { numEvaluations, isPersonalised }: Situated): TaskSpec {
  const settings = run.strategy;
  const { selector, scoringDropout, maskPadding, minScoringBatch, scoreLastLayer } = settings;
  switch (kind) {
    case "score":
      return { kind, selector, minBatch: minScoringBatch, dropout: scoringDropout, maskPadding, scoreLastLayer };
    case "train": {
      const isCounting = stage === "count";
      const warmupSteps = isCounting ? settings.countingWarmupSteps : 0;
      return { kind, warmupSteps, ...trainedFor(run.training), isPersonalised: !isCounting };
    }
    case "probe":
      return { kind, lanczosSteps: settings.lanczosSteps };
    case "evaluate":
      return evaluateSpec({ isZeroShotDue: isZeroShotDue(run, numEvaluations), isPersonalised });
    case "search":
    case "edit":
    case "perturb":
    case "logits":
    case "distil":
    case "answers":
      throw new Error(`fedPepTao has no ${kind} step: its state was written by another strategy`);
  }
}

/** Names that travel: all of them until layers are selected. */
function sharedNames({ shape, selectedLayers }: FedPepTaoValues): string[] {
  return selectedLayers === null ? allNames(shape) : namesOfLayers(shape, selectedLayers);
}

function closeStep(state: FedPepTaoState, plan: RoundPlan, contributions: readonly Contribution[]): FedPepTaoState {
  const { values } = state;
  if (values.position.stage === "score") return closeScoring(state, contributions);
  if (values.position.kind === "probe") return closeProbing(state, contributions);
  if (values.position.stage === "count") return closeCounting(state, plan, contributions);
  if (values.position.kind === "train") return closeTraining(state, plan, contributions);
  const evaluation = poolEvaluations(plan, contributions, isPersonalised(values.shape.numLayers, values.selectedLayers));
  return { ...state, values: { ...values, evaluations: [...values.evaluations, evaluation] } };
}

/** Whether something stays on the devices. */
function isPersonalised(numLayers: number, selectedLayers: readonly number[] | null): boolean {
  return selectedLayers !== null && selectedLayers.length < numLayers;
}

/** The same before any layer is selected: a fraction below 1 may still come to all of few layers. */
function keepsLayers({ selector, keepFraction }: FedPepTaoSettings): boolean {
  return selector !== "all" && keepFraction !== 1;
}
