import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { resolve } from "node:path";
import { scriptBeside } from "@tutti/data/node";
import type { Clients, JoinTarget } from "./clients.ts";
import { processorSecondsOf } from "./processorTime.ts";

/** What a client process is told. */
export interface NodeJoin extends JoinTarget {
  readonly clientKey: string;
}

/** What it answers. */
export type NodeClientMessage = { readonly kind: "ready" } | { readonly kind: "failed"; readonly message: string };

const program = scriptBeside(import.meta.url, "nodeChild");

/** Clients as processes of their own, with the code that tabs run. */
export function openNodeClients(count: number, onTrouble: (sentence: string) => void): Clients {
  const children = new Map<number, ChildProcess>();
  const targets = new Map<number, JoinTarget>();
  let failed: string | null = null;
  let isClosing = false;

  function start(index: number): ChildProcess {
    const child = spawn(process.execPath, [...program.execArgv, program.path], {
      stdio: ["ignore", "ignore", "inherit", "ipc"],
      detached: true, // Ctrl-C is for the lab, which says goodbye to its clients
    });
    child.on("message", (message: NodeClientMessage) => {
      if (message.kind === "failed") failed = message.message;
    });
    child.once("exit", (code) => {
      if (isClosing || children.get(index) !== child) return;
      onTrouble(`Client ${index} ended with exit code ${code}; it starts again.`);
      tell(index, start(index));
    });
    children.set(index, child);
    return child;
  }

  function tell(index: number, child: ChildProcess): void {
    const target = targets.get(index);
    if (target === undefined) return;
    const message: NodeJoin = { ...target, clientKey: keyOf(target, index) };
    child.send(message);
  }

  async function end(child: ChildProcess): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  }

  return {
    kind: "node",
    count,
    warmUp(numClients) {
      for (let index = 0; index < numClients; index++) if (!children.has(index)) start(index);
    },
    async join(index, target) {
      failed = null;
      targets.set(index, target);
      tell(index, children.get(index) ?? start(index));
    },
    async reload(index) {
      const child = children.get(index);
      children.delete(index);
      if (child !== undefined) await end(child);
      if (!isClosing) tell(index, start(index));
    },
    failure: async () => failed,
    processorSeconds: () => processorSecondsOf([...children.values()].flatMap(({ pid }) => (pid === undefined ? [] : [pid]))),
    async close() {
      isClosing = true;
      await Promise.all([...children.values()].map(end));
      children.clear();
    },
  };
}

/** The same client of the same folder keeps its key, and clients of another machine have others. */
function keyOf({ folder, runId }: JoinTarget, index: number): string {
  return createHash("sha256")
    .update(`${resolve(folder)} ${runId} ${index}`)
    .digest("hex")
    .slice(0, 32);
}
