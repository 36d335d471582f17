import type { TuningSettings } from "@tutti/core";
import { z } from "zod";
import { folderNameSchema, integer, number } from "./fields.ts";
import { limits } from "./limits.ts";

const shared = {
  promptDropout: number(0, 0.99),
  positionsAfterPrefix: z.boolean(),
  head: z.enum(["labelWords", "linear"]),
  lossOver: z.enum(["vocabulary", "labelWords"]),
};
/** Tokens, per layer where every layer has its own. */
const promptTokens = integer(1, limits.maxPromptTokens);
const bottleneck = integer(1, limits.maxWidth);

/** What is trained, by method. */
export const tuningSchema = z.discriminatedUnion("method", [
  z.strictObject({ method: z.literal("prefix"), promptTokens, ...shared }),
  z.strictObject({ method: z.literal("inputPrompt"), promptTokens, initial: z.enum(["normal", "vocabulary"]), ...shared }),
  z.strictObject({ method: z.literal("adapter"), bottleneck, ...shared }),
  z.strictObject({ method: z.literal("lora"), rank: integer(1, limits.maxWidth), alpha: number(1e-3, 1e4), ...shared }),
  z.strictObject({ method: z.literal("idpg"), promptTokens, bottleneck, ...shared }),
  z.strictObject({
    method: z.literal("attempt"),
    promptTokens,
    bottleneck,
    sources: z.array(folderNameSchema).min(1).max(limits.maxSources).readonly(),
    ...shared,
  }),
  z.strictObject({ method: z.literal("latePrompt"), promptTokens, bottleneck, ...shared }),
  z.strictObject({ method: z.literal("full"), ...shared }),
]) satisfies z.ZodType<TuningSettings>;
