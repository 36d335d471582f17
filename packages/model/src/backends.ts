import "@tensorflow/tfjs-backend-cpu";
import { setThreadsCount, setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { formatCount } from "@tutti/core";
import { isSoftwareAdapter, startWebGpu, stopWebGpu } from "./gpu/webGpu.ts";
import { installWasmKernels, threadsOffered } from "./kernels/wasm/install.ts";
import { availableThreads, threadsNote } from "./threads.ts";

/** The tensor library's backends that a tab or Node process can start. */
export type BackendName = "webgpu" | "wasm" | "cpu";

/** The backends as sentences name them. */
export const backendTitles: Readonly<Record<BackendName, string>> = { webgpu: "WebGPU", wasm: "WASM", cpu: "Plain JavaScript" };

/** How a backend is started. */
export interface BackendOptions {
  /** WASM threads; 0 or absent for as many as there are cores. More than 1 needs a cross-origin isolated page and threads that were offered. */
  readonly threads?: number;
  /** Folder (with a closing slash) that serves the tfjs-backend-wasm*.wasm files; Node finds its own. */
  readonly wasmPath?: string | undefined;
}

/** A backend that computes now. */
export interface StartedBackend {
  readonly name: BackendName;
  /** CPU threads that compute; 1 on WebGPU. */
  readonly threads: number;
  /** The GPU and its driver, such as `google swiftshader`; null elsewhere. */
  readonly adapter: string | null;
  /** Which variant of our kernels runs on WebGPU, and why, as part of a sentence; null elsewhere. */
  readonly kernels: string | null;
}

/** Starts a backend and makes it the one that computes. The tensor library is process-wide: one backend at a time. */
export async function startBackend(name: BackendName, options: BackendOptions = {}): Promise<StartedBackend> {
  tf.enableProdMode();
  if (name === "webgpu") return { name, threads: 1, ...(await startWebGpu()) };
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

/** The backend that was measured as the fastest here. */
export interface ChosenBackend extends StartedBackend {
  /** Which backend and why, as a sentence. */
  readonly reason: string;
}

/**
 * Measures a micro-step on every backend that starts here, keeps the fastest and says so. The CPU is tried only when the others fail.
 * `onTrying` is told each backend before it is started.
 */
export async function chooseBackend(
  options: BackendOptions = {},
  onTrying: (name: BackendName) => void = () => undefined,
): Promise<ChosenBackend> {
  const measured: { backend: StartedBackend; ms: number }[] = [];
  const failures: string[] = [];
  for (const name of ["webgpu", "wasm", "cpu"] as const) {
    if (name === "cpu" && measured.length > 0) break;
    try {
      onTrying(name);
      const backend = await startBackend(name, options);
      measured.push({ backend, ms: await measureMicroStep() });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      failures.push(`${backendTitles[name]} does not start (${reason.replace(`backend ${name}: `, "")})`);
    }
  }
  measured.sort((a, b) => a.ms - b.ms);
  const [best, ...others] = measured;
  if (best === undefined) throw new Error(`no backend starts here: ${failures.join("; ")}. Use a current Chrome, Edge, Firefox or Safari`);
  const { backend } = best;
  if (!(await tf.setBackend(backend.name))) throw new Error(`backend ${backend.name}: could not be started again`); // as it was measured
  if (backend.name !== "webgpu") stopWebGpu();
  const reasons = [`${describe(best.backend)} takes ${wholeMs(best.ms)} for a test step`];
  for (const other of others) reasons.push(`${describe(other.backend)} takes ${wholeMs(other.ms)}`);
  const note = measured.some(({ backend: { name } }) => name === "wasm") ? threadsNote(options.threads ?? 0) : null;
  for (const more of [backend.kernels, note]) if (more !== null) reasons.push(more);
  return { ...backend, reason: [...reasons, ...failures].join("; ") };
}

const wholeMs = (ms: number) => (ms < 1 ? "less than 1 ms" : `${Math.round(ms)} ms`);

function describe({ name, threads, adapter }: StartedBackend): string {
  if (adapter !== null) return `${backendTitles[name]} on ${adapter}${isSoftwareAdapter(adapter) ? ", a software adapter," : ""}`;
  return name === "wasm" ? `${backendTitles.wasm} with ${formatCount(threads, "thread")}` : backendTitles[name];
}

/** Milliseconds of the fastest of a few rounds of products and element-wise work, as in a small transformer layer, with the way back to the CPU. */
async function measureMicroStep(): Promise<number> {
  const [x, w] = [tf.ones<tf.Rank.R2>([256, 128]), tf.ones<tf.Rank.R2>([128, 256])];
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 4; round++) {
    const start = performance.now();
    const result = tf.tidy(() => {
      let y = x;
      for (let i = 0; i < 4; i++) y = tf.matMul(tf.softmax(tf.matMul<tf.Tensor2D>(y, w)), w, false, true);
      return tf.sum(y);
    });
    await result.data();
    result.dispose();
    if (round > 0) best = Math.min(best, performance.now() - start);
  }
  tf.dispose([x, w]);
  return best;
}
