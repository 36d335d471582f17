import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import type { ListedClient } from "@tutti/protocol";
import { type OrderEvent, type OrderInput, type Orders, ordersSchema, type Status, statusSchema } from "@tutti/protocol";
import { ConfigError } from "../config.ts";
import { type ControlPoint, readControls } from "../http/control.ts";
import type { ClientAction } from "../http/operator.ts";
import { type JournalledRun, listRunIds, readRun } from "../journal/readRun.ts";

/** A run in one line of `tutti run list`. */
export type RunListing = ReadableRun | UnreadableRun;

interface ReadableRun {
  readonly runId: string;
  readonly task: string;
  readonly seed: number;
  /** `running`: its coordinator is up now. */
  readonly state: "running" | "stopped" | "done";
  readonly numSteps: number;
  /** Stage and round that come next, or null before the first. */
  readonly position: string | null;
}

/** A run whose journal this version cannot read, such as one of an older version. */
interface UnreadableRun {
  readonly runId: string;
  readonly state: "unreadable";
  readonly reason: string;
}

/** The runs in a data folder; one that cannot be read is listed with the reason. */
export async function listRuns(dataDir: string): Promise<RunListing[]> {
  const live = readControls(dataDir);
  const listings: RunListing[] = [];
  for (const runId of listRunIds(dataDir)) {
    try {
      listings.push(describe(await readRun(dataDir, runId), live));
    } catch (error) {
      listings.push({ runId, state: "unreadable", reason: error instanceof Error ? error.message : String(error) });
    }
  }
  return listings;
}

/** A run from its journal, with the live status where its coordinator is up; by default the one that runs, else the last. */
export async function runStatus(
  dataDir: string,
  runId?: string,
): Promise<{ readonly journalled: JournalledRun; readonly live: Status | null }> {
  const control = choose(readControls(dataDir), runId);
  const id = runId ?? control?.runId ?? listRunIds(dataDir).at(-1) ?? "";
  const journalled = await readRun(dataDir, id);
  if (control === null) return { journalled, live: null };
  const parsed = statusSchema.safeParse(JSON.parse(await send(control, "GET", "/control/status")));
  return { journalled, live: parsed.data ?? null };
}

/** Tells a run's coordinator to stop, by default the only one that runs on this data folder. Returns its run, or null when none runs. */
export async function stopRun(dataDir: string, runId?: string): Promise<string | null> {
  return order(dataDir, "stop", runId);
}

/** Begins a run with an open roster before `minDevices` are registered. Returns the run, or null when no coordinator runs. */
export async function beginRun(dataDir: string, runId?: string): Promise<string | null> {
  return order(dataDir, "begin", runId);
}

async function order(dataDir: string, action: "stop" | "begin", runId: string | undefined): Promise<string | null> {
  const control = choose(readControls(dataDir), runId);
  if (control === null) return null;
  await send(control, "POST", `/control/${action}`);
  return control.runId;
}

/** The clients of a run's coordinator, or null when none runs. */
export async function listClientsOf(
  dataDir: string,
  runId?: string,
): Promise<{ readonly runId: string; readonly clients: readonly ListedClient[] } | null> {
  const control = choose(readControls(dataDir), runId);
  if (control === null) return null;
  const { clients } = JSON.parse(await send(control, "GET", "/control/clients")) as { clients: ListedClient[] };
  return { runId: control.runId, clients };
}

/** Lets a client in, sends it away, bans it or takes the ban back. `client` is its key or the beginning of it, with or without `id-`. Null when no coordinator runs. */
export async function orderClient(
  dataDir: string,
  action: ClientAction,
  { client, runId }: { readonly client: string; readonly runId?: string | undefined },
): Promise<ListedClient | null> {
  const listed = await listClientsOf(dataDir, runId);
  if (listed === null) return null;
  const chosen = chooseClient(listed.clients, client, listed.runId);
  const control = choose(readControls(dataDir), listed.runId);
  if (control === null) return null;
  await send(control, "POST", `/control/clients/${chosen.clientKey}/${action}`);
  return chosen;
}

/** Makes invitations: links of which each lets one client in. Null when no coordinator runs. */
export async function inviteTo(
  dataDir: string,
  { runId, count, days }: { readonly runId?: string | undefined; readonly count: number; readonly days: number | null },
): Promise<readonly string[] | null> {
  const control = choose(readControls(dataDir), runId);
  if (control === null) return null;
  const { links } = JSON.parse(await send(control, "POST", "/control/invitations", { count, days })) as { links: string[] };
  return links;
}

function chooseClient(clients: readonly ListedClient[], asked: string, runId: string): ListedClient {
  const key = asked.startsWith("id-") ? asked : `id-${asked}`;
  const [found, ...others] = clients.filter(({ clientKey }) => clientKey.startsWith(key));
  if (found !== undefined && others.length === 0 && key.length > "id-".length) return found;
  const many = found === undefined ? "no client" : `${others.length + 1} clients`;
  throw new ConfigError(`run ${runId} has ${many} whose key begins with ${key}: \`tutti run clients ${runId}\` lists them`);
}

/** The coordinator of this run, or the only one there is; throws a ConfigError when several could be meant. */
function choose(live: readonly ControlPoint[], runId: string | undefined): ControlPoint | null {
  if (runId !== undefined) return live.find((control) => control.runId === runId) ?? null;
  if (live.length > 1) {
    throw new ConfigError(`several coordinators are running: name one of the runs ${live.map((control) => control.runId).join(", ")}`);
  }
  return live[0] ?? null;
}

function describe({ runId, run, summary, steps }: JournalledRun, live: readonly ControlPoint[]): RunListing {
  const isLive = live.some((control) => control.runId === runId);
  const state = summary?.isDone === true ? "done" : isLive ? "running" : "stopped";
  const position = summary === null ? null : `${summary.stage} round ${summary.round} of ${summary.numRounds}`;
  return { runId, task: run.task, seed: run.seed, state, numSteps: steps.length, position };
}

/** What the coordinator answered in place of what was asked. */
class Refused extends Error {
  readonly status: number;
  /** The coordinator's sentence, where it gave one. */
  readonly sentence: string | null;

  constructor(url: string, status: number, text: string) {
    super(`the coordinator at ${url} answered ${status}: ${text}`);
    this.status = status;
    this.sentence = sentenceIn(text);
  }
}

function sentenceIn(text: string): string | null {
  try {
    const { error } = JSON.parse(text) as { error?: unknown };
    return typeof error === "string" ? error : null;
  } catch {
    return null;
  }
}

/** Gives an order (P-175). Null when no coordinator runs; throws a ConfigError with the coordinator's sentence where it does not fit. */
export async function giveOrder(
  dataDir: string,
  order: OrderInput,
  runId?: string,
): Promise<{ readonly runId: string; readonly event: OrderEvent } | null> {
  const control = choose(readControls(dataDir), runId);
  if (control === null) return null;
  try {
    const { event } = JSON.parse(await send(control, "POST", "/control/orders", order)) as { event: OrderEvent };
    return { runId: control.runId, event };
  } catch (error) {
    if (error instanceof Refused && (error.status === 400 || error.status === 409) && error.sentence !== null)
      throw new ConfigError(error.sentence);
    throw error;
  }
}

/** The operator's orders of a run whose coordinator is up, and what holds; null when none runs. */
export async function ordersOf(dataDir: string, runId?: string): Promise<Orders | null> {
  const control = choose(readControls(dataDir), runId);
  return control === null ? null : ordersSchema.parse(JSON.parse(await send(control, "GET", "/control/orders")));
}

/** Speaks to the coordinator on this machine; its certificate may be its own, and the token is what tells us apart. */
function send({ url, token }: ControlPoint, method: "GET" | "POST", path: string, body?: object): Promise<string> {
  const target = new URL(path, url);
  const type = body === undefined ? {} : { "content-type": "application/json" };
  const options = { method, headers: { authorization: `Bearer ${token}`, ...type }, rejectUnauthorized: false };
  return new Promise((resolve, reject) => {
    const request = (target.protocol === "https:" ? httpsRequest : httpRequest)(target, options, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => {
        const text = Buffer.concat(chunks).toString("utf8");
        if (response.statusCode === 200) resolve(text);
        else reject(new Refused(url, response.statusCode ?? 0, text));
      });
    });
    request.on("error", (cause) =>
      reject(new Error(`the coordinator at ${url} cannot be reached; \`tutti serve\` with the same settings starts it again`, { cause })),
    );
    request.end(body === undefined ? undefined : JSON.stringify(body));
  });
}
