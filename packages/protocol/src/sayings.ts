import { integer, number, type Saying } from "@tutti/core";
import { z } from "zod";
import { countSchema, deviceIdSchema } from "./fields.ts";
import { limits } from "./limits.ts";

const clientsSchema = integer(0, limits.maxDevices);

/** Why no plan fits a device: what the smallest one needs, and what there is. */
export const lackSchema = z.strictObject({
  /** Memory in bytes; a round or the download of the backbone in seconds. */
  of: z.enum(["memory", "roundTime", "downloadTime"]),
  needed: number(0, limits.maxNumber),
  available: number(0, limits.maxNumber),
});

/** What a run has to say beside its numbers, as a kind with its figures (P-70): pages word it in their reader's language. */
export const sayingSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.enum(["registering", "gathering", "tooFew"]), count: clientsSchema, needed: clientsSchema }),
  z.strictObject({
    kind: z.enum([
      "nobodyConnected",
      "operatorPaused",
      "firstPerson",
      "computeMissing",
      "computePaused",
      "computeArriving",
      "reportWaits",
      "storageFull",
    ]),
  }),
  z.strictObject({ kind: z.literal("away"), deviceIds: z.array(deviceIdSchema).max(limits.maxSaidDevices).readonly() }),
  z.strictObject({ kind: z.enum(["tabsPaused", "allPaused"]), count: clientsSchema }),
  z.strictObject({ kind: z.literal("noneWorks"), numPaused: clientsSchema, numDeclined: clientsSchema, numArriving: clientsSchema }),
  z.strictObject({
    kind: z.enum(["repeated", "unanswered"]),
    count: countSchema,
    numAsked: countSchema,
    needed: countSchema,
    numLeft: countSchema,
    numLate: countSchema,
    numDeclined: countSchema,
  }),
  z.strictObject({ kind: z.literal("reset"), deviceId: deviceIdSchema, why: z.enum(["lost", "declined", "untrusted", "withdrawn"]) }),
  z.strictObject({ kind: z.literal("leftOut"), deviceId: deviceIdSchema, lack: lackSchema }),
]) satisfies z.ZodType<Saying>;
