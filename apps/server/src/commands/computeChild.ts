import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";

/** A compute client in its own process, which is started again when it ends by itself. */
export interface ComputeChild {
  stop(): Promise<void>;
}

/** Where a compute client goes, how it is started, and who hears of trouble. */
export interface ComputeChildOptions {
  readonly url: string;
  readonly token: string;
  /** What Node is started with: its own arguments, the program, and the program's arguments before `--join`. */
  readonly command: readonly string[];
  readonly print: (line: string) => void;
  /** A certificate that this machine made for itself; null for one that others trust. */
  readonly certificate?: string | null;
}

const restartMs = 2000;
const maxStarts = 5;

/** Starts a compute client; the token goes by the environment, since the arguments of a process can be read by others of this machine. */
export function startComputeChild({ url, token, command, print, certificate }: ComputeChildOptions): ComputeChild {
  let isStopping = false;
  let numStarts = 0;
  let child: ChildProcess | null = null;
  let waiting: NodeJS.Timeout | null = null;

  function start(): void {
    numStarts += 1;
    const trusted = certificate == null ? {} : { NODE_EXTRA_CA_CERTS: certificate };
    const started = spawn(process.execPath, [...command, "--join", url], {
      stdio: ["ignore", "ignore", "inherit", "ipc"], // it ends when the channel closes, as where this process was killed
      env: { ...process.env, ...trusted, TUTTI_COMPUTE_TOKEN: token },
      detached: true, // Ctrl-C is for the coordinator, which says goodbye to its clients
    });
    child = started;
    started.on("error", (error) => print(`the compute client could not start (${error.message})`));
    started.once("exit", (code) => {
      if (isStopping || code === 0) return;
      const again = numStarts < maxStarts;
      print(`the compute client ended with exit code ${code}; ${again ? "it starts again" : "start one with the command above"}`);
      if (again) waiting = setTimeout(start, restartMs);
    });
  }

  start();
  return {
    async stop() {
      isStopping = true;
      if (waiting !== null) clearTimeout(waiting);
      const last = child;
      if (last === null || last.exitCode !== null || last.signalCode !== null) return;
      const ended = once(last, "exit");
      last.kill("SIGTERM");
      const killed = setTimeout(() => last.kill("SIGKILL"), 5000);
      await ended;
      clearTimeout(killed);
    },
  };
}
