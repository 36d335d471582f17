import type { ThreadedStep } from "@tutti/model/threadBench";
import { pageFolder } from "./join/pageFolder.ts";
import { startThreads } from "./training/threads.ts";

/** `?threads=2&rounds=15`: steps of one thread and of several in turns; prints their median milliseconds and the median of the ratios as JSON. */
async function measure(): Promise<unknown> {
  const query = new URLSearchParams(location.search);
  const numRounds = Number(query.get("rounds") ?? 15);
  const [one, many] = [await open(1), await open(Number(query.get("threads") ?? 2))];
  const rows = [];
  for (const step of ["minuet", "layer"] as const) rows.push(await compare(step, { one, many, numRounds }));
  return { threads: [one.threads, many.threads], rows };
}

interface Bench {
  readonly threads: number;
  ask(question: ThreadedStep | object, ports?: MessagePort[]): Promise<number>;
}

async function open(numThreads: number): Promise<Bench> {
  const worker = new Worker(new URL("./threadBenchWorker.ts", import.meta.url), { type: "module" });
  const { ports } = startThreads(numThreads - 1, (error) => show("failed", error.message));
  const ask: Bench["ask"] = (question, given = []) =>
    new Promise((resolve, reject) => {
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = ({ message }) => reject(new Error(message));
      worker.postMessage(question, given);
    });
  return { threads: await ask({ wasmPath: new URL("wasm/", pageFolder()).href }, [...ports]), ask };
}

async function compare(step: ThreadedStep, { one, many, numRounds }: { one: Bench; many: Bench; numRounds: number }) {
  const times: [number, number][] = [];
  for (let round = 0; round < 3 + numRounds; round++) times.push([await one.ask(step), await many.ask(step)]);
  const warm = times.slice(3);
  return {
    step,
    oneMs: median(warm.map(([ms]) => ms)),
    manyMs: median(warm.map(([, ms]) => ms)),
    fasterBy: median(warm.map(([alone, together]) => alone / together)),
  };
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

function show(state: "done" | "failed", result: unknown): void {
  const target = document.getElementById("result");
  if (target !== null) target.textContent = JSON.stringify(result);
  document.documentElement.dataset.state = state;
}

measure().then(
  (result) => show("done", result),
  (error: unknown) => show("failed", error instanceof Error ? error.message : String(error)),
);
