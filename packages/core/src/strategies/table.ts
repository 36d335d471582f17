import { z } from "zod";
import { type AggregationFault, aggregationFault, type TakenRules } from "../aggregation/conditions.ts";
import { ruleOf } from "../aggregation/table.ts";
import type { LayerSelector } from "../settings/fields.ts";
import type { Unchanging } from "../settings/unchanging.ts";
import type { Contribution } from "../task.ts";
import { editedTokensOf } from "../tunings/table.ts";
import type { BackwardPasses, RunRule } from "./declaration.ts";
import { fedAdapter } from "./fedAdapter/index.ts";
import { fedAra } from "./fedAra/index.ts";
import { fedAvg } from "./fedAvg.ts";
import { fedAvgM } from "./fedAvgM.ts";
import { fedBpt } from "./fedBpt/index.ts";
import { fedDtpt } from "./fedDtpt/index.ts";
import { fedExLora } from "./fedExLora.ts";
import { fedKSeed } from "./fedKSeed/index.ts";
import { fedOpt } from "./fedOpt.ts";
import { fedPepTao } from "./fedPepTao/index.ts";
import { fedPipe } from "./fedPipe/index.ts";
import { fedPt } from "./fedPt.ts";
import { fedSaLora } from "./fedSaLora.ts";
import { fedTt } from "./fedTt.ts";
import { ffaLora } from "./ffaLora.ts";
import { fLora } from "./fLora.ts";
import { flexLora } from "./flexLora.ts";
import { hetLora } from "./hetLora/index.ts";
import { isModule } from "./isModule.ts";
import { local } from "./local.ts";
import { type ModuleSettings, moduleNeedsSingleContributions, moduleSchema, rulesOfModule, strategyOfModule } from "./module.ts";
import { raFLora } from "./raFLora.ts";
import { roLora } from "./roLora.ts";
import { scaffold } from "./scaffold.ts";
import { sLora } from "./sLora/index.ts";
import type { Strategy, StrategyRun } from "./strategy.ts";

/** Every strategy, by `strategy.name` of a run: a new one is a file or folder of its own and a line here. Their methods are listed in this order. */
export const strategies = {
  fedPepTao,
  local,
  fedAvg,
  scaffold,
  fedOpt,
  fedAvgM,
  fedPt,
  ffaLora,
  fedSaLora,
  roLora,
  flexLora,
  raFLora,
  fedExLora,
  fLora,
  hetLora,
  fedAdapter,
  fedPipe,
  fedBpt,
  fedTt,
  fedAra,
  fedDtpt,
  fedKSeed,
  sLora,
} as const;

type Strategies = typeof strategies;

/** `strategy.name` of a run. */
export type StrategyName = keyof Strategies;

type SchemaOf = Strategies[StrategyName]["schema"];

/** The settings of the project's own strategies, by their name. */
export const declaredSchema = z.discriminatedUnion(
  "name",
  Object.values(strategies).map(({ schema }) => schema) as [SchemaOf, ...SchemaOf[]],
);

/** The strategy's settings, by its name; those of a module stand beside the name `module`. */
export const strategySchema = z.discriminatedUnion("name", [...declaredSchema.options, moduleSchema]);

/** The decisions of one of the project's own strategies, with their options. */
export type DeclaredSettings = Unchanging<z.output<typeof declaredSchema>>;

/** The decisions that make up a federated method, with their options. */
export type StrategySettings = DeclaredSettings | ModuleSettings;

/** The strategy that the run names; its options are read from the same settings by `init`. */
export function createStrategy({ strategy }: { readonly strategy: { readonly name: StrategyName } | ModuleSettings }): Strategy {
  return isModule(strategy) ? strategyOfModule(strategy) : strategies[strategy.name];
}

/** The settings that a strategy of the project's has by default; null where there is none of this name. */
export function defaultStrategy(name: string): DeclaredSettings | null {
  return Object.hasOwn(strategies, name) ? strategies[name as StrategyName].defaults : null;
}

/** What reports call a run's strategy: a module is told by its file and the first digits of its SHA-256 too. */
export function strategyTitle(strategy: { readonly name: StrategyName } | ModuleSettings): string {
  if (!isModule(strategy)) return strategies[strategy.name].title;
  const { title, module, sha256 } = strategy;
  return `${title} (${module.split(/[\\/]/).at(-1)}, SHA-256 ${sha256.slice(0, 12)})`;
}

/** Why a run cannot have the rule by which it aggregates; null where it can. */
export function aggregationFaultOf(run: StrategyRun<StrategySettings>): AggregationFault | null {
  const { strategy } = run;
  if (isModule(strategy)) return aggregationFault(run, rulesOfModule(strategy), strategy.title);
  const declared: { readonly title: string; takesRules?(own: DeclaredSettings): TakenRules } = strategies[strategy.name];
  return aggregationFault(run, declared.takesRules?.(strategy) ?? "none", declared.title);
}

/** What runs must be like whose strategy names it, where a schema cannot say so. */
export const strategyRules: readonly (RunRule<DeclaredSettings> & { readonly name: StrategyName })[] = Object.values(strategies).flatMap(
  ({ name, rules }) => rules.map((rule: RunRule<never>) => ({ ...rule, name })),
);

/** How a run's strategy ranks layers; null for one that takes them all. */
export function selectorOf(strategy: StrategySettings): LayerSelector | null {
  return "selector" in strategy ? strategy.selector : null;
}

/** Whether the server needs each device's contribution of such a run, where others need the weighted sum alone. */
export function needsSingleContributions(run: Pick<StrategyRun<StrategySettings>, "strategy" | "aggregation">): boolean {
  const { strategy } = run;
  if (ruleOf(run) !== null) return true;
  if (isModule(strategy)) return moduleNeedsSingleContributions(strategy);
  const declared: { needsSingleContributions(own: DeclaredSettings): boolean } = strategies[strategy.name];
  return declared.needsSingleContributions(strategy);
}

/** What of a strategy's declaration most leave out. */
interface ServerNeeds {
  readonly editsWords?: boolean;
  stepWork?(run: StrategyRun<DeclaredSettings>, contributions: readonly Contribution[], round: number): number;
  needsCompute?(own: DeclaredSettings): boolean;
  backwardPasses?(own: DeclaredSettings): BackwardPasses;
}

type WithStrategy = Pick<StrategyRun<StrategySettings>, "strategy">;

/** About how many multiplications the server's step of this round takes beside means and merges. */
export function stepWork(run: StrategyRun<StrategySettings>, contributions: readonly Contribution[], round: number): number {
  const { strategy } = run;
  if (isModule(strategy)) return 0;
  const declared: ServerNeeds = strategies[strategy.name];
  return declared.stepWork?.({ ...run, strategy }, contributions, round) ?? 0;
}

/** Whether such a run's plans hold tasks for a trusted compute client. */
export function needsCompute({ strategy }: WithStrategy): boolean {
  if (isModule(strategy)) return false;
  const declared: ServerNeeds = strategies[strategy.name];
  return declared.needsCompute?.(strategy) ?? false;
}

/** Whether such a run tunes a prompt of words with a strategy that cannot edit one. */
export function lacksEdits({ strategy, tuning }: Pick<StrategyRun<StrategySettings>, "strategy" | "tuning">): boolean {
  if (editedTokensOf(tuning) === null) return false;
  const declared: ServerNeeds | null = isModule(strategy) ? null : strategies[strategy.name];
  return declared?.editsWords !== true;
}

/** Which devices of such a run need a backward pass. */
export function backwardPassesOf({ strategy }: WithStrategy): BackwardPasses {
  if (isModule(strategy)) return "all";
  const declared: ServerNeeds = strategies[strategy.name];
  return declared.backwardPasses?.(strategy) ?? "all";
}
