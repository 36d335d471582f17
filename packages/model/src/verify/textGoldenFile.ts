import { z } from "zod";

const numbers = z.array(z.number());
const ids = z.array(z.number().int().min(0));

const caseSchema = z.looseObject({
  text: z.string(),
  ids,
  /** Encoders. */
  maskPosition: z.number().int().optional(),
  meanHiddenByLayer: z.array(numbers).optional(),
  logitsAtMask: numbers.optional(),
  /** Causal backbones. */
  lastHiddenLastToken: numbers.optional(),
  logitsLastToken: numbers.optional(),
  meanTokenLoss: z.number().optional(),
});

/** The golden.json of a backbone with a tokenizer: texts, their tokens and what comes out. */
export const textGoldenSchema = z.looseObject({
  cases: z.array(caseSchema).min(1),
  withPrompt: z
    .looseObject({ case: z.number().int(), promptShape: z.array(z.number().int()), prompt: numbers, logitsAtMask: numbers })
    .optional(),
  /** A start token and what arg-max continues it with. */
  greedyFromStart: ids.optional(),
  greedyText: z.string().optional(),
});

/** The parsed golden.json of a backbone with a tokenizer. */
export type TextGolden = z.infer<typeof textGoldenSchema>;
/** One text of it, with what a backbone of its kind must compute. */
export type TextCase = z.infer<typeof caseSchema>;
