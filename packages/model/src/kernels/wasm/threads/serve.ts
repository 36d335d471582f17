import { functionNames, type WasmProgram } from "../functions.ts";
import { boardOf, readJob, slots, takeParts } from "./board.ts";
import { runPart } from "./jobs.ts";

/** An end of the channel between a thread and the one it works for, as a browser and Node have it. */
export type ThreadPort = Pick<MessagePort, "postMessage" | "onmessage">;

/** What a thread needs to work with others. */
export interface ThreadStart {
  readonly module: WebAssembly.Module;
  /** Shared. */
  readonly memory: WebAssembly.Memory;
  readonly board: SharedArrayBuffer;
  /** From 1 on. */
  readonly thread: number;
}

/** Answered once the thread is about to wait for work. */
export interface ThreadStarted {
  readonly error: string | null;
}

/** How often a thread looks for the next job before it sleeps: kernels follow each other within about 100 µs. */
const looksBeforeSleep = 20_000;

/** Works for others until the thread is ended from outside: it never returns, and hears no message any more. */
async function serveJobs({ module, memory, board: shared, thread }: ThreadStart, onStarted: () => void): Promise<never> {
  const { exports } = await WebAssembly.instantiate(module, { env: { memory } });
  const program = exports as object as WasmProgram;
  const missing = functionNames.find((name) => typeof program[name] !== "function");
  if (missing !== undefined) throw new Error(`wasm program: ${missing} is missing`);
  const board = boardOf(shared);
  const { state } = board;
  onStarted();
  let seen = 0;
  for (;;) {
    seen = awaitOther(state, seen);
    const posted = seen % 2 === 0 ? readJob(board, seen) : null;
    if (posted !== null) takeParts(board, posted, (part) => runPart(program, posted.job, part, thread));
  }
}

/** Waits until the version is another than `seen`; answers it. */
function awaitOther(state: Int32Array, seen: number): number {
  for (let look = 0; look < looksBeforeSleep; look++) {
    const version = Atomics.load(state, slots.version);
    if (version !== seen) return version;
  }
  Atomics.add(state, slots.asleep, 1);
  Atomics.wait(state, slots.version, seen);
  Atomics.sub(state, slots.asleep, 1);
  return Atomics.load(state, slots.version);
}

/** Makes this worker a thread of whoever holds the other end of the port. */
export function becomeThread(port: ThreadPort): void {
  const answer = (error: string | null) => port.postMessage({ error } satisfies ThreadStarted);
  port.onmessage = ({ data }: { data: ThreadStart }) => {
    serveJobs(data, () => answer(null)).catch((error: unknown) => answer(String(error)));
  };
}
