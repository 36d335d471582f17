import { pickNames } from "../params.ts";
import type { FedPepTaoSettings, RunSettings } from "../run.ts";
import type { Contribution, PlannedTask, RoundPlan, TaskSpec } from "../task.ts";
import { firstInOrder, onePerShare, type Situation, sampleCohort, wholeRoster } from "./cohort.ts";
import { firstPosition, nextPosition, numRoundsOf } from "./course.ts";
import { evaluateSpec, isZeroShotDue, poolEvaluations } from "./evaluations.ts";
import { type FedPepTaoState, type FedPepTaoValues, startTensors } from "./fedPepTaoState.ts";
import { closeCounting, closeProbing, closeScoring, startTraining } from "./layerStages.ts";
import type { Strategy } from "./strategy.ts";
import { allNames, namesOfLayers, under } from "./tensors.ts";
import { closeTraining, firstServerRate } from "./trainStage.ts";

/** FedPepTAO (Che et al., EMNLP 2023): score the layers, count how many travel, then train with adaptive aggregation (fedpeptao.md §§3-5). */
export const fedPepTao: Strategy<FedPepTaoState> = {
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
    const spec = specOf(state.values);
    const sent = under(state.tensors, "W/");
    const local = stage === "train" ? under(state.tensors, "initial/") : {};
    const hasLocal = Object.keys(local).length > 0;
    const task = (deviceId: number): PlannedTask => ({ deviceId, spec, params: 0, ...(hasLocal ? { initial: 1 } : {}) });
    return {
      ...{ stage, round, step, attempt },
      payloads: hasLocal ? [sent, local] : [sent],
      tasks: cohort.devices.map(task),
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
    throw new Error(`clientLearningRate: is ${run.training.clientLearningRate}, but control variates divide by it; give a positive rate`);
  }
  return run.strategy;
}

function cohortFor(values: FedPepTaoValues, situation: Situation) {
  const { settings, position, lastCohort } = values;
  if (position.kind === "train") return sampleCohort(situation);
  if (position.kind === "probe") return firstInOrder(situation, lastCohort, settings.probeDevices);
  return position.kind === "evaluate" ? onePerShare(situation) : wholeRoster(situation);
}

function specOf({ run, settings, shape, position, selectedLayers, evaluations }: FedPepTaoValues): TaskSpec {
  const { selector, scoringDropout, maskPadding, minScoringBatch, scoreLastLayer } = settings;
  switch (position.kind) {
    case "score":
      return { kind: "score", selector, minBatch: minScoringBatch, dropout: scoringDropout, maskPadding, scoreLastLayer };
    case "train":
      return selectedLayers === null
        ? { kind: "train", warmupSteps: settings.countingWarmupSteps, sharedNames: allNames(shape), isPersonalised: false }
        : { kind: "train", warmupSteps: 0, sharedNames: namesOfLayers(shape, selectedLayers), isPersonalised: true };
    case "probe":
      return { kind: "probe", lanczosSteps: settings.lanczosSteps };
    case "evaluate":
      return evaluateSpec({
        isZeroShotDue: isZeroShotDue(run, evaluations),
        isPersonalised: isPersonalised(shape.numLayers, selectedLayers),
      });
  }
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
