import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { isAlive } from "@tutti/terminal";
import { z } from "zod";
import { writeSecret } from "../secretFiles.ts";
import { requireFolder } from "../writableFolder.ts";

const controlPointSchema = z.strictObject({ url: z.string(), token: z.string(), pid: z.int(), runId: z.string() });

/** Where a running coordinator takes orders; kept in `<dataDir>/<runId>/control.json`, readable by its owner only. */
export type ControlPoint = z.infer<typeof controlPointSchema>;

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
