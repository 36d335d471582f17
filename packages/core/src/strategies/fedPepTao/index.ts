import { pickNames } from "../../params.ts";
import type { FedPepTaoSettings, RunSettings } from "../../run.ts";
import type { Contribution, ParameterSets, RoundPlan, TaskSpec } from "../../task.ts";
import { firstInOrder, onePerShare, type Situation, sampleCohort, wholeRoster } from "../cohort.ts";
import { expectedDevices, type Position, scheduleOf } from "../course.ts";
import { evaluateSpec, isZeroShotDue, poolEvaluations } from "../evaluations.ts";
import type { Strategy } from "../strategy.ts";
import { taskFor } from "../tasks.ts";
import { allNames, namesOfLayers, under } from "../tensors.ts";
import { firstPosition, nextPosition, numRoundsOf } from "./course.ts";
import { closeCounting, closeProbing, closeScoring, startTraining } from "./layerStages.ts";
import { type FedPepTaoState, type FedPepTaoValues, startTensors } from "./state.ts";
import { closeTraining, firstServerRate } from "./trainStage.ts";

/** FedPepTAO (Che et al., EMNLP 2023): score the layers, count how many travel, then train with adaptive aggregation (fedpeptao.md §§3-5). */
export const fedPepTao: Strategy<FedPepTaoState> = {
  schedule(run) {
    const settings = settingsOf(run);
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
    const settings = settingsOf(run);
    const position = firstPosition(settings);
    const values: FedPepTaoValues = {
      ...{ run, settings, shape, position },
      ...{ layerScores: null, lastCohort: [], probes: [], keepFraction: null, selectedLayers: null, evaluations: [] },
      serverLearningRate: firstServerRate(run, settings),
    };
    const state = { values, tensors: startTensors(settings, run, shape, initial) };
    return position.stage === "train" ? startTraining(state) : state;
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
      ...{ stage, round, step, attempt },
      payloads: hasLocal ? [sent, local] : [sent],
      tasks: cohort.devices.map((device) => taskFor(device, run, { spec, parameterSets, shared })),
      deadlineMs: run.deadlineMs,
      quorum: kind === "probe" ? 1 : run.quorum, // a prober that leaves is replaced
      numDevices: cohort.numDevices,
    };
  },

  aggregate(state, plan, contributions) {
    const { run, settings, position } = state.values;
    const closed = closeStep(state, plan, contributions);
    const next = nextPosition(position, run, settings);
    const moved = { ...closed, values: { ...closed.values, position: next } };
    return position.stage !== "train" && next.stage === "train" ? startTraining(moved) : moved;
  },

  globalParams: (state) => under(state.tensors, "W/"),

  newcomerParams: ({ values, tensors }) => pickNames({ ...under(tensors, "initial/"), ...under(tensors, "W/") }, allNames(values.shape)),

  summary({ values }) {
    const { run, settings, position, layerScores, probes, keepFraction, selectedLayers, serverLearningRate, evaluations } = values;
    const { stage, round, step, isDone } = position;
    const sharedNames = selectedLayers === null ? null : namesOfLayers(values.shape, selectedLayers);
    const numRounds = numRoundsOf(stage, run, settings);
    return {
      ...{ stage, round, numRounds, step, isDone },
      ...{ layerScores, probes, keepFraction, selectedLayers, sharedNames, serverLearningRate, evaluations },
    };
  },
};

function settingsOf(run: RunSettings): FedPepTaoSettings {
  if (run.strategy.name !== "fedPepTao") throw new Error(`strategy fedPepTao: the run is set to ${run.strategy.name}`);
  if (run.strategy.controlVariates && !(run.training.clientLearningRate > 0)) {
    throw new Error(
      `clientLearningRate: is ${run.training.clientLearningRate}, but control variates are divided by it: give a positive rate`,
    );
  }
  return run.strategy;
}

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

function specAt({ stage, kind }: Position, run: RunSettings, { numEvaluations, isPersonalised }: Situated): TaskSpec {
  const settings = settingsOf(run);
  const { selector, scoringDropout, maskPadding, minScoringBatch, scoreLastLayer } = settings;
  switch (kind) {
    case "score":
      return { kind, selector, minBatch: minScoringBatch, dropout: scoringDropout, maskPadding, scoreLastLayer };
    case "train": {
      const isCounting = stage === "count";
      const warmupSteps = isCounting ? settings.countingWarmupSteps : 0;
      return { kind, warmupSteps, epochs: run.training.localEpochs, isPersonalised: !isCounting };
    }
    case "probe":
      return { kind, lanczosSteps: settings.lanczosSteps };
    case "evaluate":
      return evaluateSpec({ isZeroShotDue: isZeroShotDue(run, numEvaluations), isPersonalised });
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
