import type { WasmProgram } from "../functions.ts";
import { type Board, boardBytes, boardOf, fits, type Job, post, slots, takeParts } from "./board.ts";
import { runPart } from "./jobs.ts";
import type { ThreadPort, ThreadStart, ThreadStarted } from "./serve.ts";

/** Does jobs, on one thread or several. */
export interface Pool {
  readonly numThreads: number;
  /** Of the calling thread. */
  readonly program: WasmProgram;
  /** Does all parts; a failed one throws. */
  run(job: Job): void;
}

/** How often the caller looks for the last part to be done before it sleeps: as long as a part takes. */
const looksBeforeSleep = 50_000;

/** The calling thread alone. */
export function singleThread(program: WasmProgram): Pool {
  return {
    numThreads: 1,
    program,
    run(job) {
      for (let part = 0; part < job.numParts; part++) runPart(program, job, part, 0);
    },
  };
}

/** A program over shared memory, and the threads that are to compute in it. */
export interface PoolOptions {
  readonly program: WasmProgram;
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly ports: readonly ThreadPort[];
}

/** The calling thread, which must be one that may block, with those behind the ports, once they have all started. */
export async function startPool({ program, module, memory, ports }: PoolOptions): Promise<Pool> {
  const board = new SharedArrayBuffer(boardBytes);
  await Promise.all(ports.map((port, i) => started(port, { module, memory, board, thread: i + 1, numThreads: 1 + ports.length })));
  return poolOn(program, boardOf(board), 1 + ports.length);
}

function started(port: ThreadPort, start: ThreadStart): Promise<void> {
  return new Promise((resolve, reject) => {
    port.onmessage = ({ data }: { data: ThreadStarted }) => {
      if (data.error === null) resolve();
      else reject(new Error(`thread ${start.thread}: ${data.error}`));
    };
    port.postMessage(start);
  });
}

function poolOn(program: WasmProgram, board: Board, numThreads: number): Pool {
  const alone = singleThread(program);
  const { state } = board;
  return {
    numThreads,
    program,
    run(job) {
      if (job.numParts === 1 || !fits(job)) return alone.run(job);
      const end = (Atomics.load(state, slots.done) + job.numParts) | 0;
      takeParts(board, { version: post(board, job), numParts: job.numParts, start: 0 }, (part) => runPart(program, job, part, 0));
      awaitDone(state, end);
      if (Atomics.exchange(state, slots.failed, 0) !== 0) throw new Error("a part of a WASM kernel failed on one of the threads");
    },
  };
}

function awaitDone(state: Int32Array, end: number): void {
  for (let look = 0; look < looksBeforeSleep; look++) if (Atomics.load(state, slots.done) === end) return;
  Atomics.store(state, slots.isWaiting, 1);
  for (;;) {
    const done = Atomics.load(state, slots.done);
    if (done === end) break;
    Atomics.wait(state, slots.done, done);
  }
  Atomics.store(state, slots.isWaiting, 0);
}
