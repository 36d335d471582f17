import { spawn } from "node:child_process";
import { join } from "node:path";
import { projectFolder } from "@tutti/server/checkout";

/** A client in Node beside a visitor's tab. */
export interface Helper {
  /** Rejects when the client ends before it is stopped. */
  readonly failed: Promise<never>;
  stop(): Promise<void>;
}

/** `tutti join` on this machine, which keeps what it must in `stateFolder`. */
export function startHelper(url: string, stateFolder: string): Helper {
  const program = join(projectFolder, "apps/cli/bin/tutti.mjs");
  const child = spawn(process.execPath, [program, "join", url, "--backend", "wasm", "--state", stateFolder], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let isStopped = false;
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => {
    said = `${said}${chunk.toString("utf8")}`.slice(-2000);
  });
  const exited = new Promise<number | null>((resolve) => child.once("exit", resolve));
  const failed = new Promise<never>((_, reject) => {
    child.once("error", reject);
    void exited.then((code) => {
      if (!isStopped) reject(new Error(`the helper ended early with exit code ${code}: ${said.trim()}`));
    });
  });
  failed.catch(() => undefined); // whoever waits for something else is told by the race
  return {
    failed,
    async stop() {
      isStopped = true;
      child.kill("SIGTERM");
      await exited;
    },
  };
}
