import { randomBytes, timingSafeEqual } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { isAlive } from "@tutti/terminal";
import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { writeSecret } from "../secretFiles.ts";
import { requireFolder } from "../writableFolder.ts";

const controlPointSchema = z.strictObject({ url: z.string(), token: z.string(), pid: z.int(), runId: z.string() });

/** Where a running coordinator takes orders; kept in `<dataDir>/<runId>/control.json`, readable by its owner only. */
export type ControlPoint = z.infer<typeof controlPointSchema>;

/** What an operator can order. */
export interface ControlActions {
  /** Begins a run with an open roster before `minDevices` are registered. */
  begin(): void;
  /** Says goodbye and ends the coordinator; the run can be resumed. */
  stop(): void;
}

/** A token that only readers of the data folder know. */
export function createToken(): string {
  return randomBytes(24).toString("base64url");
}

/** Adds POST /control/begin and /control/stop, for bearers of the token. */
export function addControl(app: FastifyInstance, token: string, actions: ControlActions): void {
  for (const name of ["begin", "stop"] as const) {
    app.post(`/control/${name}`, async (request, reply) => {
      if (!isBearer(request.headers.authorization, token)) return reply.code(401).send({ error: "the control token is missing or wrong" });
      reply.raw.once("close", () => actions[name]()); // to stop closes every connection: the answer leaves first
      return reply.send({ isAccepted: true });
    });
  }
}

/** Writes the control point and returns what removes it. */
export function publishControl(dataDir: string, point: ControlPoint): () => void {
  const path = controlPath(dataDir, point.runId);
  mkdirSync(dirname(path), { recursive: true });
  writeSecret(path, `${JSON.stringify(point)}\n`);
  return () => {
    if (readControl(dataDir, point.runId)?.token === point.token) rmSync(path, { force: true });
  };
}

/** The control points of the coordinators that run on this data folder, by run. */
export function readControls(dataDir: string): ControlPoint[] {
  requireFolder(dataDir);
  if (!existsSync(dataDir)) return [];
  return readdirSync(dataDir)
    .sort()
    .map((runId) => readControl(dataDir, runId))
    .filter((point) => point !== null);
}

/** The control point of a run's coordinator, or null when none runs. */
function readControl(dataDir: string, runId: string): ControlPoint | null {
  const path = controlPath(dataDir, runId);
  if (!existsSync(path)) return null;
  const parsed = controlPointSchema.safeParse(parseJson(readFileSync(path, "utf8")));
  return parsed.success && parsed.data.runId === runId && isAlive(parsed.data.pid) ? parsed.data : null;
}

function controlPath(dataDir: string, runId: string): string {
  return join(dataDir, runId, "control.json");
}

/** Null for a file that a power cut left half written. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function isBearer(header: string | undefined, token: string): boolean {
  const found = Buffer.from(header ?? "");
  const expected = Buffer.from(`Bearer ${token}`);
  return found.length === expected.length && timingSafeEqual(found, expected);
}
