import { z } from "zod";
import { integer } from "./fields.ts";

/** Texts that a run's server reads beside its task's rows, as they were when the run began: what they are, not where they are kept. */
export const publicTextsSchema = z.strictObject({
  /** A file's name or a data set's, for people. */
  from: z.string().min(1).max(500),
  /** Texts with answers, or plain text. */
  kind: z.enum(["reply", "continuation"]),
  /** Of their rows, a line of JSON each. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  numTexts: integer(1, 10_000_000),
});

/** Public texts of a run. */
export type PublicTextsSettings = z.infer<typeof publicTextsSchema>;
