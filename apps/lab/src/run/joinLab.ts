import { mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { coordinatorFolder } from "@tutti/client";
import { formatCount } from "@tutti/core";
import { loadBrowserScript } from "@tutti/server/checkout";
import type { Clients } from "../drive/clients.ts";
import { openNodeClients } from "../drive/nodeClients.ts";
import { openTabClients } from "../drive/tabClients.ts";
import { createBoard } from "./board.ts";
import type { LabClients } from "./options.ts";
import { abortOnSignals, Stopped } from "./signals.ts";

const lookEveryMs = 1000;

/** Opens clients here that join whatever run is at an address, one run after another, until it is stopped. */
export async function joinLab(options: LabClients, address: string): Promise<NodeJS.Signals> {
  const board = createBoard(process.stderr);
  const url = coordinatorFolder(address);
  const folder = await mkdtemp(join(tmpdir(), "tutti-lab-"));
  const stop = abortOnSignals();
  const clients = await openClients(options, folder, board.say);
  let joined: string | null = null;
  try {
    board.say(`Waiting for runs at ${url} with ${formatCount(clients.count, "client")}; Ctrl-C ends it.`);
    for (;;) {
      stop.signal.throwIfAborted();
      const runId = await runningAt(url);
      if (runId !== null && runId !== joined) {
        board.say(`Joining run ${runId}.`);
        const target = {
          url: `${url}${new URL(address).hash}`,
          runId,
          folder,
          backend: "auto",
          threads: Math.max(1, Math.floor(availableParallelism() / clients.count)),
          kernels: "fast",
        } as const;
        await Promise.all(Array.from({ length: clients.count }, (_, index) => clients.join(index, target))).catch((error: unknown) =>
          board.say(`Could not join: ${String(error)}`),
        );
        joined = runId;
      }
      await pause(lookEveryMs, stop.signal);
    }
  } catch (error) {
    if (error instanceof Stopped) return error.signal;
    throw error;
  } finally {
    await clients.close();
    await rm(folder, { recursive: true, force: true });
    stop.ignore();
  }
}

async function openClients(options: LabClients, folder: string, say: (line: string) => void): Promise<Clients> {
  const count = options.numTabs ?? availableParallelism();
  if (options.clients === "node") return openNodeClients(count, say);
  const browser = await loadBrowserScript();
  const executablePath = await browser.ensureBrowser({ isInstallAllowed: true });
  const shared = { executablePath, chromiumFlags: browser.chromiumFlags, isHeadless: !options.isHeaded, onTrouble: say };
  return openTabClients(count, { ...shared, profilesFolder: join(folder, "tabs") });
}

/** The run that a coordinator holds there and that is not over; null where there is none. */
async function runningAt(url: string): Promise<string | null> {
  try {
    const page: unknown = await (await fetch(new URL("run.json", url))).json();
    if (typeof page !== "object" || page === null || !("runId" in page) || typeof page.runId !== "string") return null;
    const phase =
      "status" in page && typeof page.status === "object" && page.status !== null && "phase" in page.status ? page.status.phase : null;
    return phase === "done" || phase === "failed" ? null : page.runId;
  } catch {
    return null;
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end);
  });
}
