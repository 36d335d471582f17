import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";

/** Clients of this machine in a process beside the coordinator, which is started again when it ends by itself. */
export interface ClientChild {
  stop(): Promise<void>;
}

/** Where the clients go, how their process is started, and who hears of trouble. */
export interface ClientChildOptions {
  /** Such as `compute client`, for what is said of trouble. */
  readonly name: string;
  readonly url: string;
  /** Tokens, by the environment variables that the process reads. */
  readonly tokens: Readonly<Record<string, string>>;
  /** What Node is started with: its own arguments, the program, and the program's arguments before `--join`. */
  readonly command: readonly string[];
  readonly print: (line: string) => void;
  /** A certificate that this machine made for itself; null for one that others trust. */
  readonly certificate?: string | null;
}

const restartMs = 2000;
const maxStarts = 5;

/** Starts such a process; tokens go by the environment, since the arguments of a process can be read by others of this machine. */
export function startClientChild({ name, url, tokens, command, print, certificate }: ClientChildOptions): ClientChild {
  let isStopping = false;
  let numStarts = 0;
  let child: ChildProcess | null = null;
  let waiting: NodeJS.Timeout | null = null;

  function start(): void {
    numStarts += 1;
    const trusted = certificate == null ? {} : { NODE_EXTRA_CA_CERTS: certificate };
    const started = spawn(process.execPath, [...command, "--join", url], {
      stdio: ["ignore", "ignore", "inherit", "ipc"], // it ends when the channel closes, as where this process was killed
      env: { ...process.env, ...trusted, ...tokens },
      detached: true, // Ctrl-C is for the coordinator, which says goodbye to its clients
    });
    child = started;
    started.on("error", (error) => print(`the ${name} could not start (${error.message})`));
    started.once("exit", (code) => {
      if (isStopping || code === 0) return;
      const again = numStarts < maxStarts;
      print(`the ${name} ended with exit code ${code}; ${again ? "it starts again" : "it is not started again"}`);
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
