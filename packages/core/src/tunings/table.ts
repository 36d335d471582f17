import { z } from "zod";
import type { Unchanging } from "../settings/unchanging.ts";
import { adapter } from "./adapter.ts";
import { attempt } from "./attempt.ts";
import type { SourcePromptNames, TuningCommon } from "./declaration.ts";
import { discretePrompt } from "./discretePrompt.ts";
import type { BackboneSizes, TunedEntry } from "./entry.ts";
import { full } from "./full.ts";
import { idpg } from "./idpg.ts";
import { inputPrompt } from "./inputPrompt.ts";
import { latePrompt } from "./latePrompt.ts";
import { lora } from "./lora.ts";
import { prefix } from "./prefix.ts";
import { projectedPrompt } from "./projectedPrompt.ts";
import { svdLora } from "./svdLora.ts";
import { tensorTrain } from "./tensorTrain.ts";

/** Every tuning method, by `tuning.method` of a run: a new one is a file of its own and a line here. */
export const tunings = {
  prefix,
  inputPrompt,
  adapter,
  lora,
  idpg,
  attempt,
  latePrompt,
  full,
  projectedPrompt,
  tensorTrain,
  svdLora,
  discretePrompt,
} as const;

type Tunings = typeof tunings;

/** `tuning.method` of a run. */
export type TuningMethodName = keyof Tunings;

type SchemaOf = Tunings[TuningMethodName]["schema"];

/** What is trained, by method. */
export const tuningSchema = z.discriminatedUnion("method", Object.values(tunings).map(({ schema }) => schema) as [SchemaOf, ...SchemaOf[]]);

/** What is trained and where it enters the backbone. */
export type TuningSettings = Unchanging<z.output<typeof tuningSchema>>;

/** The settings of one tuning method. */
export type TuningSettingsOf<Name extends TuningMethodName> = Extract<TuningSettings, { readonly method: Name }>;

type WithoutRest<T> = T extends TuningCommon ? Omit<T, Exclude<keyof TuningCommon, "head">> : never;

/** The part of the tuning settings that decides names and shapes. */
export type TunedMethod = WithoutRest<TuningSettings>;

type WithoutCommon<T> = T extends TuningCommon ? Omit<T, keyof TuningCommon> : never;

/** The settings that a method does not share with others. */
type OwnSettings = WithoutCommon<TuningSettings>;

/** A declaration as those see it who do not know which one it is. */
interface AnyTuning {
  entries(sizes: BackboneSizes, own: OwnSettings): TunedEntry[];
  misfits?(sizes: BackboneSizes, own: OwnSettings): string[];
  meaning?(own: OwnSettings): Readonly<Record<string, unknown>>;
  readonly freeSettings?: readonly string[];
  readonly hasLayers: boolean;
  readonly trainsBackbone: boolean;
  promptTokens(own: OwnSettings): number | null;
  factorRank?(own: OwnSettings): number;
  trainRank?(own: OwnSettings): number;
  componentRank?(own: OwnSettings): number;
  searchedSize?(own: OwnSettings): number;
  editedTokens?(own: OwnSettings): number;
  isRelativeToSeed(own: OwnSettings): boolean;
  sourcePrompts(own: OwnSettings): SourcePromptNames | null;
}

/** The declaration of a run's tuning method. */
export function tuningOf({ method }: Pick<TuningSettings, "method">): AnyTuning {
  return tunings[method];
}

/** Whether a run's parameters belong to layers, so that some can travel and others stay. */
export function hasLayers(tuning: Pick<TuningSettings, "method">): boolean {
  return tuningOf(tuning).hasLayers;
}

/** The tuning methods that have layers, as a sentence lists them. */
export const layeredMethods = listed(Object.values(tunings).flatMap(({ method, hasLayers: isLayered }) => (isLayered ? [method] : [])));

function listed(names: readonly string[]): string {
  return `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

/** P, rows of prompts among a text's; null for a method without prompts. */
export function promptTokensOf(tuning: OwnSettings): number | null {
  return tuningOf(tuning).promptTokens(tuning);
}

/** The rank of the pairs of factors that a run trains; null for a method without. */
export function factorRankOf(tuning: OwnSettings): number | null {
  return tuningOf(tuning).factorRank?.(tuning) ?? null;
}

/** The rank of the tensor trains of which a run trains the cores; null for a method without. */
export function trainRankOf(tuning: OwnSettings): number | null {
  return tuningOf(tuning).trainRank?.(tuning) ?? null;
}

/** Components of each SVD-form difference that a run trains; null for a method without. */
export function componentRankOf(tuning: OwnSettings): number | null {
  return tuningOf(tuning).componentRank?.(tuning) ?? null;
}

/** Coordinates of the one vector that a run tunes; null where it tunes anything else. */
export function searchedSizeOf(tuning: OwnSettings): number | null {
  return tuningOf(tuning).searchedSize?.(tuning) ?? null;
}

/** Most tokens of the prompt of words that a run edits; null where it tunes anything else. */
export function editedTokensOf(tuning: OwnSettings): number | null {
  return tuningOf(tuning).editedTokens?.(tuning) ?? null;
}

/** Whether a run trains pairs of low-rank factors. */
export function hasFactors(tuning: TuningSettings): tuning is Extract<TuningSettings, { readonly method: "lora" }> {
  return factorRankOf(tuning) !== null;
}

/** The source prompts that a run's tuning mixes; null for a method that needs none. */
export function sourcePromptsOf(tuning: OwnSettings): SourcePromptNames | null {
  return tuningOf(tuning).sourcePrompts(tuning);
}

/** Why a run's tuning does not fit a backbone of these sizes, a sentence each; none where it fits. */
export function tuningMisfits(sizes: BackboneSizes, tuning: OwnSettings): string[] {
  return tuningOf(tuning).misfits?.(sizes, tuning) ?? [];
}

/** Settings of `tuning` that change how a run trains, not what its parameters mean. */
export function freeTuningSettings(tuning: Pick<TuningSettings, "method">): readonly string[] {
  return ["promptDropout", "lossOver", ...(tuningOf(tuning).freeSettings ?? [])];
}

/** Those settings of `tuning` that decide what a run's parameters mean, alike for all ways to write the same. */
export function tuningMeaning(tuning: TuningSettings): Readonly<Record<string, unknown>> {
  const free = freeTuningSettings(tuning);
  const whole = { ...tuning, ...tuningOf(tuning).meaning?.(tuning) };
  return Object.fromEntries(Object.entries(whole).filter(([name]) => !free.includes(name)));
}
