import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { runInfoSchema, type Status } from "@tutti/protocol";
import { type ControlPoint, readControl } from "../http/control.ts";
import { type JournalledRun, listRunIds, readRun } from "../journal/readRun.ts";

/** A run in one line of `tutti run list`. */
export interface RunListing {
  readonly runId: string;
  readonly task: string;
  readonly seed: number;
  /** `running`: its coordinator is up now. */
  readonly state: "running" | "stopped" | "done";
  readonly numSteps: number;
  /** Stage and round that come next, or null before the first. */
  readonly position: string | null;
}

/** The runs in a data folder. */
export async function listRuns(dataDir: string): Promise<RunListing[]> {
  const live = readControl(dataDir);
  const listings: RunListing[] = [];
  for (const runId of listRunIds(dataDir)) listings.push(describe(await readRun(dataDir, runId), live));
  return listings;
}

/** A run from its journal, with the live status where its coordinator is up. */
export async function runStatus(
  dataDir: string,
  runId?: string,
): Promise<{ readonly journalled: JournalledRun; readonly live: Status | null }> {
  const control = readControl(dataDir);
  const id = runId ?? control?.runId ?? listRunIds(dataDir).at(-1) ?? "";
  const journalled = await readRun(dataDir, id);
  if (control?.runId !== id) return { journalled, live: null };
  const parsed = runInfoSchema.safeParse(JSON.parse(await send(control, "GET", "/run.json")));
  return { journalled, live: parsed.success ? parsed.data.status : null };
}

/** Tells the coordinator that runs on this data folder to stop. Returns its run, or null when none runs. */
export async function stopRun(dataDir: string): Promise<string | null> {
  return order(dataDir, "stop");
}

/** Begins a run with an open roster before `minDevices` are registered. Returns the run, or null when no coordinator runs. */
export async function beginRun(dataDir: string): Promise<string | null> {
  return order(dataDir, "begin");
}

async function order(dataDir: string, action: "stop" | "begin"): Promise<string | null> {
  const control = readControl(dataDir);
  if (control === null) return null;
  await send(control, "POST", `/control/${action}`);
  return control.runId;
}

function describe({ runId, run, summary, steps }: JournalledRun, live: ControlPoint | null): RunListing {
  const state = summary?.isDone === true ? "done" : live?.runId === runId ? "running" : "stopped";
  const position = summary === null ? null : `${summary.stage} round ${summary.round} of ${summary.numRounds}`;
  return { runId, task: run.task, seed: run.seed, state, numSteps: steps.length, position };
}

/** Speaks to the coordinator on this machine; its certificate may be its own, and the token is what tells us apart. */
function send({ url, token }: ControlPoint, method: "GET" | "POST", path: string): Promise<string> {
  const target = new URL(path, url);
  const options = { method, headers: { authorization: `Bearer ${token}` }, rejectUnauthorized: false };
  return new Promise((resolve, reject) => {
    const request = (target.protocol === "https:" ? httpsRequest : httpRequest)(target, options, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => {
        const text = Buffer.concat(chunks).toString("utf8");
        if (response.statusCode === 200) resolve(text);
        else reject(new Error(`the coordinator at ${url} answered ${response.statusCode}: ${text}`));
      });
    });
    request.on("error", (cause) => reject(new Error(`the coordinator at ${url} cannot be reached`, { cause })));
    request.end();
  });
}
