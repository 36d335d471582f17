import { randomBytes, timingSafeEqual } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { FastifyInstance } from "fastify";
import { z } from "zod";

const controlPointSchema = z.strictObject({ url: z.string(), token: z.string(), pid: z.int(), runId: z.string() });

/** Where a running coordinator takes orders; kept in `<dataDir>/coordinator/control.json`, readable by its owner only. */
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
      setImmediate(() => actions[name]());
      return reply.send({ isAccepted: true });
    });
  }
}

/** Writes the control point and returns what removes it. */
export function publishControl(dataDir: string, point: ControlPoint): () => void {
  const path = controlPath(dataDir);
  mkdirSync(join(dataDir, "coordinator"), { recursive: true });
  writeFileSync(path, `${JSON.stringify(point)}\n`, { mode: 0o600 });
  return () => {
    if (readControl(dataDir)?.token === point.token) rmSync(path, { force: true });
  };
}

/** The control point of the coordinator that runs on this data folder, or null when none does. */
export function readControl(dataDir: string): ControlPoint | null {
  const path = controlPath(dataDir);
  if (!existsSync(path)) return null;
  const parsed = controlPointSchema.safeParse(JSON.parse(readFileSync(path, "utf8")));
  return parsed.success && isAlive(parsed.data.pid) ? parsed.data : null;
}

function controlPath(dataDir: string): string {
  return join(dataDir, "coordinator", "control.json");
}

/** Whether a process with this number is there. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

function isBearer(header: string | undefined, token: string): boolean {
  const found = Buffer.from(header ?? "");
  const expected = Buffer.from(`Bearer ${token}`);
  return found.length === expected.length && timingSafeEqual(found, expected);
}
