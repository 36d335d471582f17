import { roundTrip } from "../../encoding.ts";
import type { EditSpec } from "../../forwardWork.ts";
import type { Params } from "../../params.ts";
import type { Contribution, Device, TaskSpec } from "../../task.ts";
import { promptOf, promptParams } from "../../tunings/discretePrompt.ts";
import { editedTokensOf } from "../../tunings/table.ts";
import { promptText } from "../../wordTable.ts";
import { contributionsOf } from "../averaging.ts";
import { closingOf, onePerShare, sampleCohort } from "../cohort.ts";
import { expectedDevices, type Position, scheduleOf, startOfRound, summaryOf } from "../course.ts";
import { evaluateSpec, isEvaluationDue, isZeroShotDue, poolEvaluations } from "../evaluations.ts";
import type { GlobalModelState, GlobalModelValues } from "../globalModel.ts";
import type { Strategy, StrategyRun } from "../strategy.ts";
import { taskFor } from "../tasks.ts";
import { under, withPrefix } from "../tensors.ts";
import { mergePrompts } from "./mergePrompts.ts";
import type { FedDtptSettings } from "./settings.ts";

type Run = StrategyRun<FedDtptSettings>;

/** What FedDTPT keeps beside tensors. */
export type FedDtptValues = GlobalModelValues<FedDtptSettings> & {
  /** The prompt as people read it; null while its words are not known. */
  readonly text: string | null;
};

/** State of `fedDtpt`: the prompt under `W/tokens`, as `promptParams` writes it. */
export interface FedDtptState extends GlobalModelState<FedDtptSettings> {
  readonly values: FedDtptValues;
}

const firstStep: Position = { stage: "train", round: 1, step: 1, kind: "edit", isDone: false };

/** Editing, an evaluation where one is due, and the next round. */
function nextPosition(position: Position, run: Run): Position {
  if (position.kind === "edit" && isEvaluationDue(run, position.round)) return { ...position, step: 2, kind: "evaluate" };
  if (position.round >= run.numRounds) return { ...position, isDone: true };
  return { ...firstStep, round: position.round + 1 };
}

/** The decisions of FedDTPT. */
export const decisions: Strategy<FedDtptState, Run> = {
  schedule: (run) =>
    scheduleOf({
      first: firstStep,
      next: (position) => nextPosition(position, run),
      at: ({ kind }, numEvaluations) => ({
        spec: specAt(kind, run, numEvaluations),
        numDevices: expectedDevices(run, kind === "evaluate" ? "all" : "cohort"),
        isFineTuning: false,
      }),
    }),

  init(run, shape, initial) {
    const sent = roundTrip(initial, run.paramsEncoding);
    const text = promptOf(sent).length === 0 ? "" : null;
    return { values: { run, shape, position: firstStep, evaluations: [], text }, tensors: withPrefix("W/", sent) };
  },

  branch({ values, tensors }, run, round) {
    const position: Position = { ...startOfRound(round + 1), kind: "edit" };
    return { values: { ...values, run, position, evaluations: [] }, tensors: withPrefix("W/", sentFrom(under(tensors, "W/"), run)) };
  },

  plan({ values, tensors }, roster, random, attempt) {
    const { run, position, evaluations } = values;
    if (position.isDone) return { done: true };
    const { stage, round, step, kind } = position;
    const situation = { run, roster, random, stage, round, attempt };
    const cohort = kind === "edit" ? sampleCohort(situation) : onePerShare(situation);
    if ("waiting" in cohort) return cohort;
    const spec = specAt(kind, run, evaluations.length);
    const tasks = cohort.devices.map((device: Device) => taskFor(device, run, { spec, parameterSets: { global: 0 }, shared: {} }));
    const { deadlineMs, quorum } = run;
    const content = { payloads: [under(tensors, "W/")], tasks };
    return { stage, round, step, attempt, ...content, deadlineMs, quorum, numDevices: cohort.numDevices, ...closingOf(cohort) };
  },

  aggregate(state, plan, contributions) {
    const { run, position, evaluations } = state.values;
    const next = nextPosition(position, run);
    if (position.kind === "edit") return afterEdits(state, contributions, next);
    const evaluation = poolEvaluations(plan, contributions, false);
    return { ...state, values: { ...state.values, position: next, evaluations: [...evaluations, evaluation] } };
  },

  globalParams: ({ tensors }) => under(tensors, "W/"),

  newcomerParams: ({ tensors }) => under(tensors, "W/"),

  summary({ values, tensors }) {
    const sharedNames = Object.keys(under(tensors, "W/"));
    const summary = summaryOf(values, { keepFraction: 1, selectedLayers: [], sharedNames, serverLearningRate: null });
    const tokens = promptOf(under(tensors, "W/"));
    return values.text === null ? summary : { ...summary, prompt: { tokens, text: values.text } };
  },
};

function sentFrom(params: Params, { paramsEncoding }: Run): Params {
  return roundTrip(params, paramsEncoding);
}

function specAt(kind: Position["kind"], run: Run, numEvaluations: number): TaskSpec {
  if (kind === "evaluate") return evaluateSpec({ isZeroShotDue: isZeroShotDue(run, numEvaluations), isPersonalised: false });
  const { numTrials, numCandidates, maxExamples, maxPublic } = run.strategy;
  const spec: EditSpec = { kind: "edit", numTrials, numCandidates, maxExamples, maxPublic, mostTokens: editedTokensOf(run.tuning) ?? 0 };
  return spec;
}

/** The state with the merged prompt; the prompt stays where no two devices agree on a word. */
function afterEdits(state: FedDtptState, contributions: readonly Contribution[], position: Position): FedDtptState {
  const { values, tensors } = state;
  const mostTokens = editedTokensOf(values.run.tuning) ?? 0;
  const found = contributionsOf(contributions, "edit").map(({ body }) => body);
  const prompts = found.map(({ tokens, accuracy, words }) => ({ tokens, accuracy, rows: words.rows.data }));
  const merged = mergePrompts(prompts, { minTokens: values.run.strategy.minTokens, mostTokens });
  const isUnchanged = merged.length === 0 || merged.join() === promptOf(under(tensors, "W/")).join();
  if (isUnchanged && values.text !== null) return { values: { ...values, position }, tensors };
  if (merged.length === 0) return { values: { ...values, position }, tensors };
  const textOf = new Map(found.flatMap(({ tokens, words }) => tokens.map((id, at) => [id, words.texts[at]] as const)));
  const text = promptText(merged.map((id) => textOf.get(id) ?? ""));
  const sent = withPrefix("W/", sentFrom(promptParams(merged, mostTokens), values.run));
  return { values: { ...values, position, text }, tensors: sent };
}
