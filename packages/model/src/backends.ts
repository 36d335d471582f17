import * as tf from "@tensorflow/tfjs";
import { setThreadsCount, setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import { startWebGpu } from "./webGpu.ts";

/** The tensor library's backends that a tab or Node process can start. */
export type BackendName = "webgpu" | "wasm" | "cpu";

export interface BackendOptions {
  /** WASM threads; 0 or absent for as many as there are cores. More than 1 needs a cross-origin isolated page. */
  readonly threads?: number;
  /** Folder (with a closing slash) that serves the tfjs-backend-wasm*.wasm files; Node finds its own. */
  readonly wasmPath?: string;
  /** Where Node gets WebGPU from, such as `create([])` of the `webgpu` package; absent means `navigator.gpu`. */
  readonly gpu?: GPU;
}

export interface StartedBackend {
  readonly name: BackendName;
  /** CPU threads that compute; 1 on WebGPU. */
  readonly threads: number;
  /** The GPU and its driver, such as `google swiftshader`; null elsewhere. */
  readonly adapter: string | null;
}

/** Starts a backend and makes it the one that computes. The tensor library is process-wide: one backend at a time. */
export async function startBackend(name: BackendName, options: BackendOptions = {}): Promise<StartedBackend> {
  tf.enableProdMode();
  if (name === "webgpu") return { name, threads: 1, adapter: await startWebGpu(options.gpu) };
  const threads = name === "wasm" ? prepareWasm(options) : 1;
  if (!(await tf.setBackend(name))) throw new Error(`backend ${name}: could not be started here`);
  await tf.ready();
  return { name, threads, adapter: null };
}

/** How many threads WASM may use here: shared memory exists only in isolated pages. */
export function availableThreads(wanted: number): number {
  const isShared = typeof SharedArrayBuffer !== "undefined" && globalThis.crossOriginIsolated === true;
  const cores = globalThis.navigator?.hardwareConcurrency ?? 1;
  return isShared ? Math.max(1, wanted === 0 ? cores : Math.min(wanted, cores)) : 1;
}

/** Backends can be prepared only before their first start; a second start keeps what the first one set. */
const started = new Map<"wasm", number>();

function prepareWasm({ threads = 0, wasmPath }: BackendOptions): number {
  const known = started.get("wasm");
  if (known !== undefined) return known;
  const count = availableThreads(threads);
  if (wasmPath !== undefined) setWasmPaths(wasmPath);
  if (count === 1) tf.env().set("WASM_HAS_MULTITHREAD_SUPPORT", false);
  setThreadsCount(count);
  started.set("wasm", count);
  return count;
}
