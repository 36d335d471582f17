import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { deferred } from "@tutti/core";
import { builtProgram } from "./builtProgram.ts";
import type { ChildConfig } from "./killHarness.ts";

/** One of the runs that a process hosts. */
export type HostedRun = Pick<ChildConfig, "options" | "sizes" | "numClasses">;

/** What a process that hosts runs reports of each. */
export type HostMessage = { readonly runId: string } & (
  | { readonly kind: "listening"; readonly url: string; readonly computeToken: string | null; readonly at: string }
  | { readonly kind: "done"; readonly parametersSha256: string; readonly steps: readonly string[] }
  | { readonly kind: "failed"; readonly message: string }
);

type Told<K extends HostMessage["kind"]> = HostMessage & { readonly kind: K };

/** Coordinators that share one process, which can be killed and started again. */
export interface KillableRuns {
  /** What the present process said of each run when it listened, by the run's id. */
  listening(): ReadonlyMap<string, Told<"listening">>;
  killAndRestart(): Promise<void>;
  /** Fails where a run failed. */
  whenDone(runId: string): Promise<Told<"done">>;
  stop(): Promise<void>;
}

const childPath = fileURLToPath(new URL("./runsChild.ts", import.meta.url));

/** Starts a coordinator for each run, all in one process, and waits until they listen. */
export async function startKillableRuns(runs: readonly HostedRun[]): Promise<KillableRuns> {
  const told = new Map<string, Told<"listening">>();
  const ends = new Map(runs.map(({ options }) => [options.runId ?? "", deferred<Told<"done">>()]));
  let child = await launch();

  function note(message: HostMessage): void {
    if (message.kind === "listening") told.set(message.runId, message);
    if (message.kind === "done") ends.get(message.runId)?.resolve(message);
    if (message.kind === "failed") ends.get(message.runId)?.reject(new Error(`${message.runId}: ${message.message}`));
  }

  async function launch(): Promise<ChildProcess> {
    told.clear();
    const started = spawn(process.execPath, [await builtProgram(childPath)], {
      env: { ...process.env, TUTTI_CHILD: JSON.stringify(runs) },
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    await new Promise<void>((resolve, reject) => {
      started.once("exit", (code) => reject(new Error(`the process of the runs ended with ${code} before they listened`)));
      started.on("message", (message: HostMessage) => {
        note(message);
        if (told.size === runs.length) resolve();
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

  return {
    listening: () => told,
    async killAndRestart() {
      await end("SIGKILL");
      child = await launch();
    },
    whenDone(runId) {
      const ending = ends.get(runId);
      if (ending === undefined) throw new Error(`no run ${runId} is hosted`);
      return ending.promise;
    },
    stop: () => end("SIGTERM"),
  };
}
