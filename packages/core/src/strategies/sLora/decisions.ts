import { add, omitNames, type Params } from "../../params.ts";
import type { Contribution, RoundPlan } from "../../task.ts";
import type { TunedShape } from "../../tunings/tuned.ts";
import { averageSent, combinedChange, contributionsOf, sentParams } from "../averaging.ts";
import { type GlobalModelState, type GlobalModelValues, globalModel } from "../globalModel.ts";
import { sentForm } from "../sentForm.ts";
import type { AsJson, Strategy, StrategyRun } from "../strategy.ts";
import { under, withPrefix } from "../tensors.ts";
import type { SLoraSettings } from "./settings.ts";
import { asResidual, factorsOfDifferences, sparsePart, sparseShape, sparseStart } from "./stages.ts";

type Run = StrategyRun<SLoraSettings>;

/**
 * State of SLoRA: that of federated averaging, whose `shape` is what is trained now. In the sparse rounds `later` is what is trained after them,
 * with LoRA's factors as a run starts with them under `later/<name>`.
 */
export interface SLoraState extends GlobalModelState<SLoraSettings> {
  readonly values: GlobalModelValues<SLoraSettings> & { readonly later: AsJson<TunedShape> | null };
}

const base = globalModel<SLoraSettings>({
  step: ({ values, tensors }, plan, contributions) => ({ ...tensors, ...withPrefix("W/", averageSent(values.run, plan, contributions)) }),
});

/** Elements of the matrices are averaged for some rounds, then become LoRA's factors, which are averaged for the others. */
export const decisions: Strategy<SLoraState, Run> = {
  schedule: base.schedule,
  plan: base.plan,
  globalParams: base.globalParams,
  summary: base.summary,

  init(run, shape, initial) {
    const state = base.init(run, shape, initial);
    const { others, factors } = withoutFactors(under(state.tensors, "W/"));
    const sent = { ...sparseStart(shape, factors, run.strategy.density), ...others };
    return {
      values: { ...state.values, shape: sparseShape(shape), later: shape },
      tensors: { ...withPrefix("W/", sent), ...withPrefix("later/", factors) },
    };
  },

  branch(state, run, round) {
    requireSameStage(state, run, round);
    const { values, tensors } = base.branch?.(state, run, round) ?? state;
    return { values: { ...state.values, ...values }, tensors };
  },

  aggregate(state, plan, contributions) {
    const { position, run, later } = state.values;
    const isSwitch = later !== null && position.kind === "train" && position.round >= run.strategy.sparseRounds;
    const next = base.aggregate(state, plan, contributions);
    const values = { ...state.values, ...next.values };
    if (!isSwitch) return { values, tensors: next.tensors };
    return { values: { ...values, shape: later, later: null }, tensors: switched(state, later, plan, contributions) };
  },

  newcomerParams(state) {
    const { run, later } = state.values;
    if (later === null) return base.newcomerParams(state);
    const { sparse, others } = sparsePart(under(state.tensors, "W/"));
    return { ...asResidual(run, later, { factors: under(state.tensors, "later/"), sparse }), ...others };
  },
};

function withoutFactors(params: Params): { readonly factors: Params; readonly others: Params } {
  const names = Object.keys(params);
  const isFactor = (name: string) => name.startsWith("lora/");
  return {
    factors: omitNames(
      params,
      names.filter((name) => !isFactor(name)),
    ),
    others: omitNames(params, names.filter(isFactor)),
  };
}

/** W after the last sparse round: the mean, of which the differences, before they are rounded to what travels, have become LoRA's factors. */
function switched(
  { values: { run }, tensors }: SLoraState,
  later: TunedShape,
  plan: RoundPlan,
  contributions: readonly Contribution[],
): Params {
  const mean = add(sentParams(plan), combinedChange(run, contributionsOf(contributions, "train")));
  const { sparse, others } = sparsePart(mean);
  const factors = factorsOfDifferences(run, later, { factors: under(tensors, "later/"), sparse });
  return withPrefix("W/", sentForm({ ...factors, ...others }, run.paramsEncoding));
}

/** Throws, naming the setting, where a branch would read a state's values as something else than they are. */
function requireSameStage({ values: { run, later } }: SLoraState, after: Run, round: number): void {
  const { sparseRounds, density } = after.strategy;
  const refuse = (setting: string, found: number, expected: string) => {
    throw new Error(`${setting}: found ${found}, expected ${expected}; branch at another round, or start a new run`);
  };
  if (later === null) {
    if (sparseRounds > round)
      refuse(
        "strategy.sparseRounds",
        sparseRounds,
        `at most ${round}: the run has trained LoRA's factors since round ${run.strategy.sparseRounds}`,
      );
    return;
  }
  if (sparseRounds <= round)
    refuse("strategy.sparseRounds", sparseRounds, `more than ${round}: the run still trains elements of the matrices there`);
  if (density !== run.strategy.density)
    refuse("strategy.density", density, `${run.strategy.density}, which decides what is trained in the sparse rounds`);
  if (after.seed !== run.seed) refuse("seed", after.seed, `${run.seed}, which draws what is trained in the sparse rounds`);
}
