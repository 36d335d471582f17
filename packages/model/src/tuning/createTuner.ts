import { promptTokensOf, type Random, type TunedMethod, type TuningMethodName } from "@tutti/core";
import type { Transformer } from "../backbone/transformer.ts";
import { createAdapterTuner } from "./adapter.ts";
import { createAttemptTuner } from "./attempt.ts";
import { createDiscretePromptTuner } from "./discretePrompt.ts";
import { createFullTuner } from "./full.ts";
import { createIdpgTuner } from "./idpg.ts";
import { createInputPromptTuner } from "./inputPrompt.ts";
import { createLatePromptTuner } from "./latePrompt.ts";
import { createLoraTuner } from "./lora.ts";
import { createPrefixTuner } from "./prefix.ts";
import { createProjectedPromptTuner } from "./projectedPrompt.ts";
import { onlyInFront } from "./readingOn.ts";
import { type SourcePrompt, sourcesOf } from "./sourcePrompts.ts";
import { createSvdLoraTuner } from "./svdLora.ts";
import { createTensorTrainTuner } from "./tensorTrain.ts";
import type { Tuner } from "./tuner.ts";

/** What some methods need beside the backbone. */
interface TunerContext {
  /** The run's. */
  readonly random: Random;
  /** ATTEMPT's, in any order. */
  readonly sourcePrompts?: readonly SourcePrompt[];
}

/** How a tuning method meets the backbone. */
interface Tuning<Settings> {
  create(transformer: Transformer, tuning: Settings, context: TunerContext): Tuner;
}

/** Every tuning method that core declares: one without an implementation does not compile. */
const tunings: { readonly [Name in TuningMethodName]: Tuning<Extract<TunedMethod, { readonly method: Name }>> } = {
  prefix: { create: createPrefixTuner },
  adapter: { create: createAdapterTuner },
  lora: { create: (transformer, tuning) => createLoraTuner(transformer, tuning) },
  full: { create: createFullTuner },
  inputPrompt: { create: (transformer, tuning, { random }) => createInputPromptTuner(transformer, tuning, random) },
  idpg: { create: createIdpgTuner },
  latePrompt: { create: createLatePromptTuner },
  projectedPrompt: { create: (transformer, tuning, { random }) => createProjectedPromptTuner(transformer, tuning, random) },
  tensorTrain: { create: createTensorTrainTuner },
  svdLora: { create: (transformer, tuning) => createSvdLoraTuner(transformer, tuning) },
  discretePrompt: { create: (transformer) => createDiscretePromptTuner(transformer) },
  attempt: {
    create: (transformer, tuning, { sourcePrompts = [] }) =>
      createAttemptTuner(transformer, sourcesOf(tuning, transformer.config, sourcePrompts)),
  },
};

/** The tuner of a run's method on this backbone. */
export function createTuner(transformer: Transformer, tuning: TunedMethod, context: TunerContext): Tuner {
  const method: Tuning<TunedMethod> = tunings[tuning.method];
  const tuner = method.create(transformer, tuning, context);
  return promptTokensOf(tuning) === null ? tuner : onlyInFront(transformer, tuner);
}
