import { taskParams } from "../parameterSets.ts";
import { add, mapParams, type Params, scale, subtract, weightedSum, zeros } from "../params.ts";
import type { RunSettings, ScaffoldSettings } from "../run.ts";
import type { DeviceId, RoundPlan } from "../task.ts";
import { type ContributionOf, contributionsOf, sentParams } from "./averaging.ts";
import { memoryOf, withStep } from "./fedPepTao/state.ts";
import { type GlobalModelState, globalModel } from "./globalModel.ts";
import { sentForm } from "./sentForm.ts";
import { allNames } from "./tensors.ts";

/**
 * SCAFFOLD (Karimireddy et al., 2020, https://arxiv.org/abs/1910.06378, Algorithm 1 with option II). Devices take plain gradient steps
 * y ← y − η (g + c − c_i); c − c_i travels to each as its `correction`, and the server derives c_i⁺ from W, y_i and K_i, so that nothing
 * but y_i travels back. Devices count alike, as published, and not by their examples. State beside W: `c/…` and `c/<device>/…`.
 */
export const scaffold = globalModel({
  start(run) {
    settingsOf(run);
    return {};
  },
  correction(state, device) {
    const { control, controls } = variatesOf(state, device.wasReset === true ? [] : [device.id]);
    const own = controls.get(device.id) ?? {};
    const names = [...new Set([...Object.keys(control), ...Object.keys(own)])];
    if (names.length === 0) return null;
    const like = Object.fromEntries(names.map((name) => [name, control[name] ?? own[name]]));
    return sentForm(subtract(filled(control, like), filled(own, like)), state.values.run.paramsEncoding);
  },
  step(state, plan, contributions) {
    const { run } = state.values;
    const trained = contributionsOf(contributions, "train");
    const sent = sentParams(plan);
    const weights = trained.map(() => 1 / trained.length);
    const mean = weightedSum(
      trained.map(({ body }) => body.delta),
      weights,
    );
    const next = add(sent, scale(mean, settingsOf(run).serverLearningRate));
    const remembered = trained.filter((contribution) => contribution.wasReset !== true).map(({ deviceId }) => deviceId);
    const { control, controls } = variatesOf(state, remembered);
    const after = trained.map((one): [DeviceId, Params] => [one.deviceId, gradientOf(one, plan, run)]);
    const changes = after.map(([id, variate]) => subtract(variate, filled(controls.get(id) ?? {}, variate)));
    const change = weightedSum(
      changes,
      changes.map(() => 1 / plan.numDevices),
    );
    const memory = { control: add(filled(control, change), change), controls: new Map(after), momentum: {}, displacement: {} };
    return withStep(state.tensors, sentForm(next, run.paramsEncoding), memory);
  },
  serverLearningRate: (run) => settingsOf(run).serverLearningRate,
});

function variatesOf({ values, tensors }: GlobalModelState, devices: readonly DeviceId[]) {
  return memoryOf(tensors, allNames(values.shape), devices);
}

/** c_i⁺ = c_i − c + (W − y_i) / (K_i η): the mean of the device's gradients, with c − c_i as the device decoded it. */
function gradientOf({ deviceId, body }: ContributionOf<"train">, plan: RoundPlan, { training }: RunSettings): Params {
  const task = plan.tasks.find((one) => one.deviceId === deviceId);
  const correction = task === undefined ? {} : (taskParams(plan, task).correction ?? {});
  const moved = scale(body.delta, -1 / (body.numSteps * training.clientLearningRate));
  return subtract(moved, filled(correction, moved));
}

/** The tensors of `params` under the names of `like`, zeros where there is none. */
function filled(params: Params, like: Params): Params {
  return mapParams(like, ({ shape }, name) => params[name] ?? zeros(shape));
}

function settingsOf({ strategy, training }: RunSettings): ScaffoldSettings {
  if (strategy.name !== "scaffold") throw new Error(`strategy scaffold: the run is set to ${strategy.name}`);
  if (training.optimizer !== "sgd" || !(training.clientLearningRate > 0)) {
    const found = `${training.optimizer} with rate ${training.clientLearningRate}`;
    throw new Error(
      `strategy scaffold: found ${found}, expected sgd with a rate above 0, because it computes c_i from plain gradient steps`,
    );
  }
  return strategy;
}
