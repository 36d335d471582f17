import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { FastifyInstance } from "fastify";
import { type LivePorts, refuse, refuseWatching } from "./live.ts";

/** What the report's route needs. */
export interface ReportPorts extends Pick<LivePorts, "addresses" | "access"> {
  /** Of the run's files. */
  readonly folder: string;
}

/** Adds `GET /report.html`: the run's report as it was written last, to download, for whoever may watch (P-172). */
export function addReport(app: FastifyInstance, { folder, ...ports }: ReportPorts): void {
  app.get("/report.html", async (request, reply) => {
    const refusal = refuseWatching(request, ports);
    if (refusal !== null) return refuse(reply, refusal);
    const text = await readFile(join(folder, "report.html"), "utf8").catch(() => null);
    void reply.header("cache-control", "no-store");
    if (text === null) return reply.code(404).send({ error: "this run has no report yet: it is written once a round has closed" });
    void reply.header("content-disposition", 'attachment; filename="report.html"');
    return reply.type("text/html; charset=utf-8").send(text);
  });
}
