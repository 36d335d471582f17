import type { PublicTextsSettings } from "../settings/publicTexts.ts";
import type { FedPipeSettings } from "./fedPipe/settings.ts";
import type { FedPtSettings } from "./fedPt.ts";
import { isModule } from "./isModule.ts";
import type { StrategySettings } from "./table.ts";

// What follows from a strategy's settings alone: a tab asks it, and needs no strategy's decisions for it.

/** The share of the training rows that is public in such a run: its server reads them, or every device does, and no device gets them as its own. */
export function publicFraction({ strategy }: { readonly strategy: StrategySettings }): number {
  if (!isModule(strategy) && "publicFraction" in strategy) return strategy.publicFraction;
  const tuning = proxyTuningOf(strategy);
  return tuning === null || tuning.distillText !== null ? 0 : tuning.distillFraction;
}

/** The texts of another file that such a run's server reads; null where there are none. */
export function publicTextsOf({ strategy }: { readonly strategy: StrategySettings }): PublicTextsSettings | null {
  return !isModule(strategy) && "distillText" in strategy ? strategy.distillText : null;
}

/** The settings of a strategy whose server tunes a large model by proxy; null for others. */
export function proxyTuningOf(strategy: StrategySettings): FedPtSettings | null {
  return !isModule(strategy) && "large" in strategy ? strategy : null;
}

/** Whether a strategy looks at what clients say of their machines, so that they are to measure their rate. */
export function looksAtMachines(strategy: StrategySettings): boolean {
  if (planningOf(strategy) !== null) return true;
  return !isModule(strategy) && "machineRanks" in strategy && strategy.machineRanks.length > 0;
}

/** Tokens of a text, as a run's work is counted where its strategy does not say how many. */
const usualTokens = 32;

/** Tokens of a text, as a run's work is counted. */
export function tokensPerTextOf(strategy: StrategySettings): number {
  return !isModule(strategy) && "tokensPerText" in strategy ? strategy.tokensPerText : usualTokens;
}

/** The settings of a strategy that plans for each client by what it says of its machine; null for one that plans for all alike. */
export function planningOf(strategy: StrategySettings): FedPipeSettings | null {
  return !isModule(strategy) && "roundSeconds" in strategy ? strategy : null;
}
