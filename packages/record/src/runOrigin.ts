import { z } from "zod";
import { listOf } from "./fields.ts";

/** Parameters that were tuned before, which a run started from. */
const tunedSchema = z
  .object({
    kind: z.literal("params"),
    /** As it was given: a run's id, a folder or a file. */
    path: z.string(),
    source: z.enum(["promptsFile", "peftAdapter"]),
    /** The run that tuned them; null where others did. */
    runId: z.string().nullable(),
    /** What an adapter calls the model that it was tuned on. */
    baseModel: z.string().nullable(),
    /** Of the name-ordered f32 of the parameters. */
    sha256: z.string(),
  })
  .readonly();

/** Another run after one of its rounds. */
const branchSchema = z
  .object({
    kind: z.literal("branch"),
    runId: z.string(),
    /** Of the train stage; the run goes on with the next one. */
    round: z.number(),
    /** The settings that are not that run's, with both values as JSON; `null` where one of them has no such setting. */
    changes: listOf(z.object({ path: z.string(), before: z.string(), after: z.string() }).readonly()),
    /** Of the name-ordered f32 of what a newcomer had then. */
    sha256: z.string(),
  })
  .readonly();

/** Where a run started that did not start from values that its seed draws. */
export const runOriginSchema = z.discriminatedUnion("kind", [tunedSchema, branchSchema]);

/** Where a run started that did not start from values that its seed draws. */
export type RunOrigin = z.infer<typeof runOriginSchema>;
