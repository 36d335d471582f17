import type { FastifyInstance } from "fastify";
import { z } from "zod";
import type { Reading } from "../entry/reading.ts";
import type { TunedFile } from "../tunedFile.ts";

/** What the route shows, and to whom. */
export interface TunedDoor {
  /** Null while nothing is tuned. */
  latest(): TunedFile | null;
  readonly mayRead: Reading;
}

/** A name that is given twice comes as a list, which is no file's. */
const querySchema = z.object({ sha256: z.union([z.string(), z.array(z.string())]).optional() });

/** What is answered to who may not read. */
export const readingRefusals = {
  no: { code: 401, error: "this run's parameters are for those who may come: bring its code word" },
  later: { code: 429, error: "too many wrong tokens came from this address: wait a minute" },
  laterBehindProxy: {
    code: 429,
    error:
      "too many wrong tokens came through the proxy in front of this coordinator, which counts as one address: wait a minute, and tell the operator that --trust-proxy is missing",
  },
} as const;

/** Adds GET /tuned.safetensors, what a newcomer of the run gets; with `?sha256=` as a file that never changes (P-185, P-186). */
export function addTuned(app: FastifyInstance, { latest, mayRead }: TunedDoor): void {
  app.get("/tuned.safetensors", { compress: false, helmet: { contentSecurityPolicy: false } }, async (request, reply) => {
    void reply.header("cache-control", "no-store").header("vary", "authorization");
    const verdict = mayRead(request.raw);
    if (verdict !== "yes") {
      const why = verdict === "laterBehindProxy" ? { why: { kind: "behindProxy" } } : {};
      return reply.code(readingRefusals[verdict].code).send({ error: readingRefusals[verdict].error, ...why });
    }
    const file = latest();
    if (file === null) return reply.code(204).send(); // a state of the run, and nobody's error
    const { sha256: wanted } = querySchema.parse(request.query);
    if (wanted !== undefined && wanted !== file.sha256)
      return reply.code(404).send({ error: "the run has other parameters now: ask without sha256" });
    const isPinned = wanted !== undefined;
    void reply
      .header("cache-control", isPinned ? "private, max-age=31536000, immutable" : "no-cache")
      .header("etag", `"${file.sha256}"`)
      .header("x-tutti-round", String(file.round))
      .header("x-tutti-parameters", file.parametersSha256)
      .header("content-disposition", 'attachment; filename="prompts.safetensors"')
      .type("application/octet-stream");
    if (request.headers["if-none-match"] === `"${file.sha256}"`) return reply.code(304).send();
    return reply.send(Buffer.from(file.bytes.buffer, file.bytes.byteOffset, file.bytes.byteLength));
  });
}
