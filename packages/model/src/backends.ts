import "@tensorflow/tfjs-backend-cpu";
import { setThreadsCount, setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { type ChoiceOptions, type ChosenBackend, chooseAmong } from "./backendChoice.ts";
import { findAdapter } from "./gpu/adapter.ts";
import { startWebGpu, stopWebGpu } from "./gpu/webGpu.ts";
import { installWasmKernels, threadsOffered } from "./kernels/wasm/install.ts";
import type { BackendName, BackendOptions, StartedBackend } from "./startedBackend.ts";
import { availableThreads, fewThreads } from "./threads.ts";
import { createMicroStep } from "./training/microStep.ts";

export type { BackendName, BackendOptions, StartedBackend };

/** Starts a backend and makes it the one that computes. The tensor library is process-wide: one backend at a time. */
export async function startBackend(name: BackendName, options: BackendOptions = {}): Promise<StartedBackend> {
  tf.enableProdMode();
  if (name === "webgpu") return { name, threads: 1, ...(await startWebGpu(options.kernels)) };
  const threads = name === "wasm" ? await prepareWasm(options) : 1;
  if (!(await tf.setBackend(name))) throw new Error(`backend ${name}: could not be started here`);
  await tf.ready();
  if (name === "wasm") await installWasmKernels();
  return { name, threads, adapter: null, kernels: null };
}

/** Backends can be prepared only before their first start; a second start keeps what the first one set. */
const started = new Map<"wasm", number>();

async function prepareWasm({ threads = 0, wasmPath }: BackendOptions): Promise<number> {
  const known = started.get("wasm");
  if (known !== undefined) return known;
  const count = (await hasThreadedBinary()) ? Math.min(availableThreads(threads), threadsOffered()) : 1;
  if (wasmPath !== undefined) setWasmPaths(wasmPath);
  if (count === 1) tf.env().set("WASM_HAS_MULTITHREAD_SUPPORT", false);
  setThreadsCount(1); // the threads are our kernels': those of the library would compete with them for the cores
  started.set("wasm", count);
  return count;
}

/** The library has threads only in the binary that also needs SIMD. */
async function hasThreadedBinary(): Promise<boolean> {
  const flags = ["WASM_HAS_SIMD_SUPPORT", "WASM_HAS_MULTITHREAD_SUPPORT"];
  return (await Promise.all(flags.map((flag) => tf.env().getAsync(flag)))).every((flag) => flag === true);
}

/** Chooses among the backends that start here, as `chooseAmong` says. */
export function chooseBackend(options: ChoiceOptions = {}): Promise<ChosenBackend> {
  return chooseAmong(options, {
    findAdapter: async () => (await findAdapter()).name,
    start: startBackend,
    openMicroStep: createMicroStep,
    async settle(name) {
      if (!(await tf.setBackend(name))) throw new Error(`backend ${name}: could not be started again`);
      if (name !== "webgpu") stopWebGpu();
    },
    availableThreads,
    fewThreads,
    now: Date.now,
  });
}
