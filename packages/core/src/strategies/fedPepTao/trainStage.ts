import { ruleOf } from "../../aggregation/table.ts";
import { claimLimit } from "../../countedExamples.ts";
import { countSteps } from "../../localSteps.ts";
import type { TrainingSettings } from "../../settings/runConditions.ts";
import type { Contribution, RoundPlan } from "../../task.ts";
import { contributionsOf, sentParams } from "../averaging.ts";
import { sentForm } from "../sentForm.ts";
import { serverRateAt } from "../serverRates/table.ts";
import { ruledStep } from "./ruledStep.ts";
import { type ServerStepOptions, serverStep } from "./serverStep.ts";
import type { FedPepTaoSettings } from "./settings.ts";
import { type FedPepTaoState, memoryOf, withStep } from "./state.ts";

/** η_s before the first server step. */
export function firstServerRate({ training }: { readonly training: TrainingSettings }, settings: FedPepTaoSettings): number {
  return settings.serverLearningRate === "client" ? training.clientLearningRate : settings.serverLearningRate;
}

/** η_s of the server step of a round, before a schedule. */
export function serverRateAfter(round: number, run: { readonly training: TrainingSettings }, settings: FedPepTaoSettings): number {
  let rate = firstServerRate(run, settings);
  for (let step = 2; step <= round; step++) rate = decayed(rate, settings);
  return rate;
}

function decayed(rate: number, { serverLearningRateDecay, serverLearningRateFloor }: FedPepTaoSettings): number {
  return Math.max(serverLearningRateDecay * rate, serverLearningRateFloor);
}

/** A training round of Stage C (fedpeptao.md §5, steps 5 to 8). */
export function closeTraining(state: FedPepTaoState, plan: RoundPlan, contributions: readonly Contribution[]): FedPepTaoState {
  const { run, settings } = state.values;
  const trained = contributionsOf(contributions, "train");
  const isFirst = plan.round === 1; // t = 0
  const { serverLearningRate: rate } = state.values;
  const serverLearningRate = isFirst ? rate : decayed(rate, settings);
  const remembered = trained.filter((contribution) => contribution.wasReset !== true).map((contribution) => contribution.deviceId);
  const sent = sentParams(plan);
  const rule = ruleOf(run);
  const limit = claimLimit(run);
  const before = memoryOf(state.tensors, Object.keys(sent), remembered);
  const options: ServerStepOptions = {
    isFirst,
    samplingOrder: plan.tasks.map((task) => task.deviceId),
    maxCountedSteps: limit === null ? null : countSteps(limit, run.training),
    participation: trained.length / plan.numDevices,
    clientLearningRate: run.training.clientLearningRate,
    serverLearningRate: serverRateAt(serverLearningRate, settings.serverRateSchedule, { round: plan.round, numRounds: run.numRounds }),
    momentum: settings.serverMomentum,
    serverStep: settings.serverStep,
    pseudoGradient: settings.pseudoGradient,
    controlVariates: settings.controlVariates,
  };
  const { params, memory } =
    rule === null ? serverStep(sent, trained, before, options) : ruledStep(sent, trained, before, { ...options, rule });
  const tensors = withStep(state.tensors, sentForm(params, run.paramsEncoding), memory);
  return { values: { ...state.values, serverLearningRate }, tensors };
}
