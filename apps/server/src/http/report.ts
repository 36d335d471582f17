import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import type { FastifyInstance } from "fastify";
import { type LivePorts, refuse, refuseWatching } from "./live.ts";

/** What the report's route needs. */
export interface ReportPorts extends Pick<LivePorts, "addresses" | "access"> {
  /** Of the run's files. */
  readonly folder: string;
}

/** A report as it is sent. */
interface SentReport {
  readonly plain: Buffer;
  readonly gzipped: Buffer;
}

/** Reads a file and compresses it when it has changed, and not at each request; null where there is none. */
export function createReportFile(
  path: string,
  compress: (bytes: Buffer) => Promise<Buffer> = promisify(gzip),
): () => Promise<SentReport | null> {
  let kept: { readonly identity: string; readonly report: Promise<SentReport> } | null = null;
  const read = async (): Promise<SentReport> => {
    const plain = await readFile(path);
    return { plain, gzipped: await compress(plain) };
  };
  return async () => {
    const found = await stat(path).catch(() => null);
    if (found === null) return null;
    const identity = `${found.ino} ${found.size} ${found.mtimeMs}`;
    if (kept?.identity !== identity) kept = { identity, report: read() };
    const { report } = kept;
    return report.catch(() => {
      kept = null; // it was removed meanwhile
      return null;
    });
  };
}

/** Adds `GET /report.html`: the run's report as it was written last, to download, for whoever may watch (P-172). */
export function addReport(app: FastifyInstance, { folder, ...ports }: ReportPorts): void {
  const latest = createReportFile(join(folder, "report.html"));
  app.get("/report.html", { compress: false }, async (request, reply) => {
    const refusal = refuseWatching(request, ports);
    if (refusal !== null) return refuse(reply, refusal);
    const report = await latest();
    void reply.header("cache-control", "no-store");
    if (report === null) return reply.code(404).send({ error: "this run has no report yet: it is written once a round has closed" });
    void reply.header("content-disposition", 'attachment; filename="report.html"').header("vary", "accept-encoding");
    const isGzipped = /\bgzip\b/.test(request.headers["accept-encoding"] ?? "");
    if (isGzipped) void reply.header("content-encoding", "gzip");
    return reply.type("text/html; charset=utf-8").send(isGzipped ? report.gzipped : report.plain);
  });
}
