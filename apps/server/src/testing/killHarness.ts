import { type ChildProcess, spawn } from "node:child_process";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";
import type { BackboneSizes, RunSettings } from "@tutti/core";
import type { CoordinatorOptions } from "../config.ts";
import { builtProgram } from "./builtProgram.ts";

/** What the coordinator's process is told. */
export interface ChildConfig {
  readonly options: Omit<CoordinatorOptions, "run"> & { readonly run: RunSettings };
  readonly sizes: BackboneSizes;
  readonly numClasses: number;
  /** What Node is given before the program, such as a module that is loaded first. */
  readonly nodeOptions?: readonly string[];
  /** Reports are kept in the run's folder, at least so far apart. */
  readonly reportEveryMs?: number;
}

/** What the coordinator's process reports. */
export type ChildMessage =
  | { readonly kind: "listening"; readonly url: string; readonly position: string | null }
  | { readonly kind: "planned"; readonly position: string }
  | { readonly kind: "accepted"; readonly count: number; readonly taskId: string; readonly deviceId: number }
  | { readonly kind: "said"; readonly message: string | null }
  | { readonly kind: "closed"; readonly position: string; readonly counted: readonly number[] }
  | { readonly kind: "done"; readonly parametersSha256: string; readonly steps: readonly string[] }
  | { readonly kind: "failed"; readonly message: string };

/** A coordinator in its own process, which can be killed and started again on the same port and folder. */
export interface KillableCoordinator {
  readonly url: string;
  /** Everything that all incarnations have reported, in order. */
  readonly messages: readonly ChildMessage[];
  /** Of the present process. */
  readonly pid: number;
  /** Kills the process at once, as a power cut would, and starts the same command again. */
  killAndRestart(): Promise<void>;
  /** Calls `act` at each message from now on. */
  onMessage(act: (message: ChildMessage) => void): void;
  /** Calls `act` with the exit code when the present process ends. */
  onExit(act: (code: number | null) => void): void;
  whenDone(): Promise<ChildMessage & { kind: "done" }>;
  stop(): Promise<void>;
}

/** A port that is free now; the same one is used after every restart. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

const childPath = fileURLToPath(new URL("./coordinatorChild.ts", import.meta.url));

/** Starts the process and waits until it listens. */
export async function startKillable(config: ChildConfig): Promise<KillableCoordinator> {
  const messages: ChildMessage[] = [];
  const listeners = new Set<(message: ChildMessage) => void>();
  let child = await launch();

  async function launch(): Promise<ChildProcess> {
    const program = await builtProgram(childPath);
    const started = spawn(process.execPath, [...(config.nodeOptions ?? []), program], {
      env: { ...process.env, TUTTI_CHILD: JSON.stringify(config) },
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    await new Promise<void>((resolve, reject) => {
      started.once("exit", (code) => reject(new Error(`the coordinator's process ended with ${code} before it listened`)));
      started.on("message", (message: ChildMessage) => {
        messages.push(message);
        if (message.kind === "listening") resolve();
        for (const act of [...listeners]) act(message);
      });
    });
    return started;
  }

  async function end(signal: "SIGKILL" | "SIGTERM"): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = new Promise((resolve) => child.once("exit", resolve));
    child.kill(signal);
    await exited;
  }

  const { port = 0 } = config.options;
  return {
    url: `http://127.0.0.1:${port}`,
    messages,
    get pid() {
      return child.pid ?? 0;
    },
    async killAndRestart() {
      await end("SIGKILL");
      child = await launch();
    },
    onMessage: (act) => void listeners.add(act),
    onExit: (act) => void child.once("exit", act),
    whenDone() {
      return new Promise((resolve, reject) => {
        const check = (message: ChildMessage) => {
          if (message.kind === "done") resolve(message);
          if (message.kind === "failed") reject(new Error(message.message));
        };
        messages.forEach(check);
        listeners.add(check);
      });
    },
    stop: () => end("SIGTERM"),
  };
}
