import { z } from "zod";
import type { DeclaredMethod } from "../comparison.ts";
import type { Publication } from "../publication.ts";
import { integer, number } from "../settings/fields.ts";
import { settingLimits } from "../settings/limits.ts";
import { type SettingsOf, withoutDefaults } from "../settings/shape.ts";
import type { Unchanging } from "../settings/unchanging.ts";
import type { BackboneSizes, TunedEntry } from "./entry.ts";

/** What all tuning methods share. */
export const tuningCommon = {
  /** Share of prompt values zeroed while training. */
  promptDropout: number(0, 0.99).default(0.1),
  /** Whether the text's positions start after the prefix (official) or at 0. */
  positionsAfterPrefix: z.boolean().default(false),
  /** Label words at the mask, or a linear head over the mean of the last hidden states. */
  head: z.enum(["labelWords", "linear"]).default("linear"),
  /** What the cross-entropy normalises over when the head is `labelWords`. */
  lossOver: z.enum(["vocabulary", "labelWords"]).default("labelWords"),
};

const commonSchema = z.strictObject(tuningCommon);

/** What the settings that all share are unless somebody says so. */
export const commonDefaults: TuningCommon = commonSchema.parse({});

/** What all tuning methods share. */
export type TuningCommon = Unchanging<z.output<typeof commonSchema>>;

/** P, prompt tokens; per layer where every layer has its own. */
export const promptTokens = integer(1, settingLimits.maxPromptTokens);

/** Width of a hidden layer. */
export const bottleneck = integer(1, settingLimits.maxWidth);

/** Source prompts that a run mixes: `public/prompts/<backbone>/<name>-<promptTokens>.json` holds each. */
export interface SourcePromptNames {
  readonly sources: readonly string[];
  readonly promptTokens: number;
}

/** A method of the comparison that a way to tune makes, with FedAvg. */
export interface TuningMethod<Own> extends DeclaredMethod {
  /** Its settings where they are not the defaults; the prompt tokens are those of the base. */
  tuning?(base: { readonly promptTokens: number }): Partial<Own>;
}

/** A setting that does not go with the others of its method. */
export interface OwnFault {
  /** Below `tuning`. */
  readonly path: readonly string[];
  /** What is wrong and what to do, after what was found. */
  readonly error: string;
}

/** What a tuning method's file says of it. */
export interface TuningParts<Method extends string, Shape extends z.ZodRawShape, Names extends string> {
  /** `tuning.method` of a run. */
  readonly method: Method;
  readonly title: string;
  /** What is trained and where it enters the backbone, a sentence. */
  readonly about: string;
  readonly publication: Publication;
  /** Where its arithmetic is not as published, a sentence each. */
  readonly deviations: readonly string[];
  /** Settings beside those that all share, each with its bounds and default. */
  readonly settings: Shape;
  /** What those settings mean that a run may leave out, because runs did not have them at first. */
  readonly leftOut?: Partial<SettingsOf<"method", Method, Shape>>;
  /** Those of its settings that change how a run trains, not what its parameters mean. */
  readonly freeSettings?: readonly (keyof Shape & string)[];
  /** Settings that do not go with each other; none by default. */
  faults?(own: SettingsOf<"method", Method, Shape>): OwnFault[];
  /** Why the settings do not fit a backbone of these sizes, a sentence each; none by default. */
  misfits?(sizes: BackboneSizes, own: SettingsOf<"method", Method, Shape>): string[];
  /** Settings as they count, where several ways to write them mean the same parameters. */
  meaning?(own: SettingsOf<"method", Method, Shape>): Readonly<Record<string, unknown>>;
  /** Whether its parameters belong to layers, so that some can travel and others stay. */
  readonly hasLayers: boolean;
  /** Whether the backbone's weights are trained and must be unpacked, which takes memory. */
  readonly trainsBackbone: boolean;
  /** P, rows of prompts among a text's; null for a method without prompts. */
  promptTokens(own: SettingsOf<"method", Method, Shape>): number | null;
  /** The rank of the pairs of factors that it trains, `<name>/b` times `<name>/a` each; absent where it trains none. */
  factorRank?(own: SettingsOf<"method", Method, Shape>): number;
  /** The rank of the tensor trains of which it trains the cores; absent where it trains none. */
  trainRank?(own: SettingsOf<"method", Method, Shape>): number;
  /** Components of each difference P diag(e) Q that it trains; absent where it trains none. */
  componentRank?(own: SettingsOf<"method", Method, Shape>): number;
  /** Coordinates of the one vector that it tunes, for strategies that search it without gradients; absent where it tunes anything else. */
  searchedSize?(own: SettingsOf<"method", Method, Shape>): number;
  /** Most tokens of the prompt of words that it is, for strategies that edit it; absent where it tunes anything else. */
  editedTokens?(own: SettingsOf<"method", Method, Shape>): number;
  /** Whether its values are relative to what the run's seed draws, and mean something else under another seed. */
  isRelativeToSeed(own: SettingsOf<"method", Method, Shape>): boolean;
  /** The prompts of other tasks that it needs before it can start; null where it needs none. */
  sourcePrompts(own: SettingsOf<"method", Method, Shape>): SourcePromptNames | null;
  /** Names and shapes of what is trained: layer 0's, layer 1's, …, or those of the method as a whole. */
  entries(sizes: BackboneSizes, own: SettingsOf<"method", Method, Shape>): TunedEntry[];
  /** The methods of the comparison that train this, by name. */
  readonly methods: Readonly<Record<Names, TuningMethod<SettingsOf<"method", Method, Shape>>>>;
}

/** A tuning method with the schema of its settings. */
export function declareTuning<const Method extends string, Shape extends z.ZodRawShape, const Names extends string>(
  parts: TuningParts<Method, Shape, Names>,
) {
  const { method, settings, faults } = parts;
  const schema = z.strictObject({ method: z.literal(method), ...withoutDefaults(settings), ...withoutDefaults(tuningCommon) });
  const judge = (own: unknown, context: z.core.$RefinementCtx) => {
    for (const { path, error } of faults?.(own as SettingsOf<"method", Method, Shape>) ?? [])
      context.addIssue({ code: "custom", path: [...path], message: error });
  };
  return {
    ...parts,
    /** As a run has them. */
    schema: faults === undefined ? schema : schema.superRefine(judge),
    /** What each setting is unless somebody says so. */
    defaults: z.strictObject({ method: z.literal(method), ...settings }).parse({ method }) as SettingsOf<"method", Method, Shape>,
  };
}
