import { combineParams } from "../aggregation/overParams.ts";
import { ruleOf } from "../aggregation/table.ts";
import { taskParams } from "../parameterSets.ts";
import { add, mapParams, type Params, scale, subtract, weightedSum, zeros } from "../params.ts";
import { number } from "../settings/fields.ts";
import type { RunConditions } from "../settings/runConditions.ts";
import type { DeviceId, RoundPlan } from "../task.ts";
import { type ContributionOf, clippedContributions, contributionsOf, sentParams } from "./averaging.ts";
import { declareStrategy, type StrategySettingsOf } from "./declaration.ts";
import { memoryOf, withStep } from "./fedPepTao/state.ts";
import { forgetControl } from "./forgetControls.ts";
import { type GlobalModelState, globalModel } from "./globalModel.ts";
import { sentForm } from "./sentForm.ts";
import { serverRateSettings } from "./serverRates/table.ts";
import { allNames } from "./tensors.ts";

const settings = {
  /** η_g, per round. */
  serverLearningRate: number(0, 100).default(1),
  ...serverRateSettings,
};

/** Settings of SCAFFOLD; the devices' optimiser is `sgd`. */
export type ScaffoldSettings = StrategySettingsOf<"scaffold", typeof settings>;

const own = [
  "Gradients are clipped before they are corrected; control variates are the means of the clipped ones (option II).",
  "The server computes the control variates from the devices' contributions, and sends each device the difference c − c_i in the run's encoding.",
];

/**
 * SCAFFOLD (Karimireddy et al., 2020, https://arxiv.org/abs/1910.06378, Algorithm 1 with option II). Devices take plain gradient steps
 * y ← y − η (g + c − c_i); c − c_i travels to each as its `correction`, and the server derives c_i⁺ from W, y_i and K_i, so that nothing
 * but y_i travels back. Devices count alike, as published, and not by their examples. State beside W: `c/…` and `c/<device>/…`.
 */
export const scaffold = declareStrategy({
  name: "scaffold",
  title: "SCAFFOLD",
  about: "Devices take plain gradient steps that control variates correct, and the server a step along their mean change.",
  publication: {
    authors: "Karimireddy, Kale, Mohri, Reddi, Stich, Suresh",
    title: "SCAFFOLD: Stochastic Controlled Averaging for Federated Learning",
    venue: "ICML",
    year: 2020,
    link: "https://arxiv.org/abs/1910.06378",
  },
  deviations: own,
  settings,
  rules: [
    {
      of: ["strategy", "training"],
      path: ["training", "optimizer"],
      error: "scaffold needs sgd with a rate above 0, because it computes the control variates from plain gradient steps",
      holds: ({ training }) => training.optimizer === "sgd" && training.clientLearningRate > 0,
    },
  ],
  takesRules: () => "all",
  needsSingleContributions: () => true,
  decisions: {
    ...globalModel<ScaffoldSettings>({
      correction(state, device) {
        const { control, controls } = variatesOf(state, device.wasReset === true ? [] : [device.id]);
        const own = controls.get(device.id) ?? {};
        const names = [...new Set([...Object.keys(control), ...Object.keys(own)])];
        if (names.length === 0) return null;
        const like = Object.fromEntries(names.map((name) => [name, control[name] ?? own[name]]));
        return sentForm(subtract(filled(control, like), filled(own, like)), state.values.run.paramsEncoding);
      },
      step(state, plan, contributions, serverLearningRate) {
        const { run } = state.values;
        const trained = contributionsOf(contributions, "train");
        const sent = sentParams(plan);
        const rule = ruleOf(run);
        const weights = trained.map(() => 1 / trained.length);
        const mean = combineParams(
          rule,
          trained.map(({ body }) => body.delta),
          weights,
        );
        const next = add(sent, scale(mean, serverLearningRate));
        const remembered = trained.filter((contribution) => contribution.wasReset !== true).map(({ deviceId }) => deviceId);
        const { control, controls } = variatesOf(state, remembered);
        const after = clippedContributions(run, trained).map((one): [DeviceId, Params] => [one.deviceId, gradientOf(one, plan, run)]);
        const changes = after.map(([id, variate]) => subtract(variate, filled(controls.get(id) ?? {}, variate)));
        const change = changeOfControl(run, changes, plan.numDevices);
        const memory = { control: add(filled(control, change), change), controls: new Map(after), momentum: {}, displacement: {} };
        return withStep(state.tensors, sentForm(next, run.paramsEncoding), memory);
      },
      serverLearningRate: (given) => given.serverLearningRate,
    }),
    forget(state, deviceId, numDevices) {
      const tensors = forgetControl(state.tensors, deviceId, numDevices);
      return tensors === state.tensors ? state : { ...state, tensors };
    },
  },
  methods: {
    scaffold: {
      deviations: own,
      role: "other",
      trained: "prompts in every layer, by corrected steps of plain SGD",
      travels: "all of them and the head, and to each device as much again: its correction",
      rates: [0.1, 0.3, 1],
      training: () => ({ optimizer: "sgd", weightDecay: 0 }),
    },
  },
});

/** Σ (c_i⁺ − c_i) / N; under a rule the one change that it makes of them, times their number over N. */
function changeOfControl(run: RunConditions, changes: readonly Params[], numDevices: number): Params {
  const rule = ruleOf(run);
  const sum = () =>
    weightedSum(
      changes,
      changes.map(() => 1 / numDevices),
    );
  if (rule === null || !rule.isScaleFree) return sum(); // of clipped changes already
  const weights = changes.map(() => 1 / changes.length);
  return scale(combineParams(rule, changes, weights), changes.length / numDevices);
}

function variatesOf({ values, tensors }: GlobalModelState<ScaffoldSettings>, devices: readonly DeviceId[]) {
  return memoryOf(tensors, allNames(values.shape), devices);
}

/** c_i⁺ = c_i − c + (W − y_i) / (K_i η): the mean of the device's gradients, with c − c_i as the device decoded it. */
function gradientOf({ deviceId, body }: ContributionOf<"train">, plan: RoundPlan, { training }: RunConditions): Params {
  const task = plan.tasks.find((one) => one.deviceId === deviceId);
  const correction = task === undefined ? {} : (taskParams(plan, task).correction ?? {});
  const moved = scale(body.delta, -1 / (body.numSteps * training.clientLearningRate));
  return subtract(moved, filled(correction, moved));
}

/** The tensors of `params` under the names of `like`, zeros where there is none. */
function filled(params: Params, like: Params): Params {
  return mapParams(like, ({ shape }, name) => params[name] ?? zeros(shape));
}
