import type { Random, TuningSettings } from "@tutti/core";
import type { Transformer } from "../backbone/transformer.ts";
import { createAdapterTuner } from "./adapter.ts";
import { createAttemptTuner } from "./attempt.ts";
import { createFullTuner } from "./full.ts";
import { createIdpgTuner } from "./idpg.ts";
import { createInputPromptTuner } from "./inputPrompt.ts";
import { createLatePromptTuner } from "./latePrompt.ts";
import { createLoraTuner } from "./lora.ts";
import { createPrefixTuner } from "./prefix.ts";
import { type SourcePrompt, sourcesOf } from "./sourcePrompts.ts";
import type { Tuner } from "./tuner.ts";

/** What some methods need beside the backbone. */
interface TunerContext {
  /** The run's. */
  readonly random: Random;
  /** ATTEMPT's, in any order. */
  readonly sourcePrompts?: readonly SourcePrompt[];
}

/** The tuner of a run's method on this backbone. */
export function createTuner(transformer: Transformer, tuning: TuningSettings, { random, sourcePrompts = [] }: TunerContext): Tuner {
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
      return createInputPromptTuner(transformer, tuning, random);
    case "idpg":
      return createIdpgTuner(transformer);
    case "latePrompt":
      return createLatePromptTuner(transformer, tuning);
    case "attempt":
      return createAttemptTuner(transformer, sourcesOf(tuning, transformer.config, sourcePrompts));
  }
}
