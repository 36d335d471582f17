import { roundTrip } from "../encoding.ts";
import { trainedFor } from "../localSteps.ts";
import { pickNames } from "../params.ts";
import type { RunConditions } from "../settings/runConditions.ts";
import type { TaskSpec } from "../task.ts";
import { carriedTensors } from "./branching.ts";
import { closingOf, onePerShare, sampleCohort } from "./cohort.ts";
import { expectedDevices, firstTrainStep, nextTrainPosition, type Position, scheduleOf, startOfRound, summaryOf } from "./course.ts";
import { declareStrategy, type StrategySettingsOf } from "./declaration.ts";
import { evaluateSpec, isZeroShotDue, poolEvaluations } from "./evaluations.ts";
import type { GlobalModelState } from "./globalModel.ts";
import type { Strategy, StrategyRun } from "./strategy.ts";
import { taskFor } from "./tasks.ts";
import { allNames, under, withPrefix } from "./tensors.ts";

/** Settings of `local`: its name alone. */
export type LocalSettings = StrategySettingsOf<"local", Readonly<Record<never, never>>>;

const decisions: Strategy<GlobalModelState<LocalSettings>, StrategyRun<LocalSettings>> = {
  schedule: (run) =>
    scheduleOf({
      first: firstTrainStep,
      next: (position) => nextTrainPosition(position, run),
      at: (position, numEvaluations) => ({
        spec: specAt(position, run, numEvaluations),
        numDevices: expectedDevices(run, position.kind === "train" ? "cohort" : "all"),
        isFineTuning: false,
      }),
    }),

  init(run, shape, initial) {
    const sent = roundTrip(pickNames(initial, allNames(shape)), run.paramsEncoding);
    return { values: { run, shape, position: firstTrainStep, evaluations: [] }, tensors: withPrefix("initial/", sent) };
  },

  branch({ values, tensors }, run, round) {
    const carried = carriedTensors(tensors, { before: values.run, after: run });
    return { values: { ...values, run, position: startOfRound(round + 1), evaluations: [] }, tensors: carried };
  },

  plan(state, roster, random, attempt) {
    const { run, position, evaluations } = state.values;
    if (position.isDone) return { done: true };
    const { stage, round, step, kind } = position;
    const situation = { run, roster, random, stage, round, attempt };
    const cohort = kind === "train" ? sampleCohort(situation) : onePerShare(situation);
    if ("waiting" in cohort) return cohort;
    const spec = specAt(position, run, evaluations.length);
    return {
      stage,
      round,
      step,
      attempt,
      payloads: [under(state.tensors, "initial/")],
      tasks: cohort.devices.map((device) => taskFor(device, run, { spec, parameterSets: { initial: 0 }, shared: {} })),
      deadlineMs: run.deadlineMs,
      quorum: run.quorum,
      numDevices: cohort.numDevices,
      ...closingOf(cohort),
    };
  },

  aggregate(state, plan, contributions) {
    const { run, position, evaluations } = state.values;
    const values = { ...state.values, position: nextTrainPosition(position, run) };
    if (position.kind === "train") return { values, tensors: state.tensors };
    const evaluation = poolEvaluations(plan, contributions, true);
    return { values: { ...values, evaluations: [...evaluations, evaluation] }, tensors: state.tensors };
  },

  globalParams: () => ({}),

  newcomerParams: (state) => under(state.tensors, "initial/"),

  summary: ({ values }) => summaryOf(values, { keepFraction: 0, selectedLayers: [], sharedNames: [], serverLearningRate: null }),
};

/**
 * A control: every device trains alone and keeps all its parameters; nothing but evaluations travels back. Devices are sampled as in the
 * other strategies, so that each takes as many steps. State: where all devices start, under `initial/<name>`.
 */
export const local = declareStrategy({
  name: "local",
  title: "Local training only",
  about: "Every device trains alone; nothing but evaluations travels.",
  publication: null,
  deviations: [],
  settings: {},
  rules: [],
  takesRules: () => "none",
  needsSingleContributions: () => false,
  decisions,
  methods: {
    local: {
      deviations: [
        "A control: every device tunes prompts in all layers by itself, in the rounds in which it is sampled; a device that is never sampled answers with untrained prompts.",
      ],
      role: "control",
      trained: "prompts in every layer, on each device for itself",
      travels: "nothing but evaluations",
      rates: { of: "pTuningV2" },
    },
  },
});

function specAt({ kind }: Position, run: RunConditions, numEvaluations: number): TaskSpec {
  if (kind === "train") return { kind, warmupSteps: 0, ...trainedFor(run.training), isPersonalised: true };
  return evaluateSpec({ isZeroShotDue: isZeroShotDue(run, numEvaluations), isPersonalised: true });
}
