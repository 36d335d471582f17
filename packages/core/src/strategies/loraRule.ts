import { factorRankOf } from "../tunings/table.ts";
import type { RunRule } from "./declaration.ts";

/** That a run tunes LoRA, for a strategy that tells its factors apart. */
export function needsLora(strategy: string): RunRule<unknown> {
  return {
    of: ["strategy", "tuning"],
    path: ["tuning", "method"],
    error: `${strategy} trains LoRA's factors: set tuning.method to lora`,
    holds: ({ tuning }) => factorRankOf(tuning) !== null,
  };
}
