import { integer, number } from "@tutti/core";
import { z } from "zod";
import { limits } from "./limits.ts";
import { lackSchema } from "./sayings.ts";

/** Why a client is turned away, or one of its calls refused, as a kind with its figures (P-2): pages word it in their reader's language. */
export const refusalKindSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.enum([
      "ownNeedsOpenRun",
      "typedOnly",
      "backwardNeeded",
      "holdsShare",
      "sentAway",
      "banned",
      "wordMissing",
      "wordWrong",
      "invitationMissing",
      "invitationForeign",
      "invitationUsed",
      "behindProxy",
    ]),
  }),
  /** Seconds since 1970. */
  z.strictObject({ kind: z.literal("invitationEnded"), at: number(0, limits.maxNumber) }),
  z.strictObject({ kind: z.enum(["runFull", "devicesFull", "addressFull", "tokenFull"]), most: integer(0, Number.MAX_SAFE_INTEGER) }),
  z.strictObject({ kind: z.literal("noPlan"), lack: lackSchema }),
]);

/** Why a client is turned away, or one of its calls refused, with the figures of the reason. */
export type RefusalKind = z.infer<typeof refusalKindSchema>;
