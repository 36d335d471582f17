import type { Random, TuningSettings } from "@tutti/core";
import type { Transformer } from "../backbone/transformer.ts";
import { createAdapterTuner } from "./adapter.ts";
import { createFullTuner } from "./full.ts";
import { createLoraTuner } from "./lora.ts";
import { createPrefixTuner } from "./prefix.ts";
import type { Tuner } from "./tuner.ts";

/** What some methods need beside the backbone. */
export interface TunerContext {
  /** The run's. */
  readonly random: Random;
}

/** The tuner of a run's method on this backbone. */
export function createTuner(transformer: Transformer, tuning: TuningSettings, _context: TunerContext): Tuner {
  switch (tuning.method) {
    case "prefix":
      return createPrefixTuner(transformer);
    case "adapter":
      return createAdapterTuner(transformer);
    case "lora":
      return createLoraTuner(transformer, tuning);
    case "full":
      return createFullTuner(transformer);
    case "inputPrompt":
    case "idpg":
    case "attempt":
    case "latePrompt":
      throw new Error(`tuning.method ${tuning.method}: not on this backbone yet`);
  }
}
