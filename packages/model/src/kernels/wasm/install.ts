import { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import type { WasmKernel } from "../fusedKernels.ts";
import { attentionKernels } from "./attentionKernels.ts";
import { blockKernels } from "./blockKernels.ts";
import { createHeap, type Kernel, type KernelAttributes, type KernelInputs } from "./heap.ts";
import { meanKernels } from "./meanKernels.ts";
import { moveKernels } from "./moveKernels.ts";
import { optimizerKernels } from "./optimizerKernels.ts";
import { compileProgram, isShared } from "./program.ts";
import { rowKernels } from "./rowKernels.ts";
import { type Pool, singleThread, startPool } from "./threads/pool.ts";
import type { ThreadPort } from "./threads/serve.ts";
import { weightKernels } from "./weightKernels.ts";

/** Ports of threads that have not been taken yet. */
let offered: readonly ThreadPort[] = [];
/** A thread works for one memory as long as it lives. */
const pools = new WeakMap<WebAssembly.Memory, Promise<Pool | null>>();

/** Offers threads, as `becomeThread` makes them, to the WASM backend that starts next. The caller's own thread must be one that may block. */
export function offerThreads(ports: readonly ThreadPort[]): void {
  offered = ports;
}

/** How many threads the WASM backend may start with: those offered and the caller's own. */
export function threadsOffered(): number {
  return 1 + offered.length;
}

/**
 * Registers our kernels on the WASM backend that is running, over its own memory. Answers false where the engine has no vector
 * instructions or the backend hides its memory; the plain operations then do the work.
 */
export async function installWasmKernels(): Promise<boolean> {
  const backend = tf.backend();
  if (!(backend instanceof BackendWasm)) throw new Error(`our WASM kernels need the wasm backend, ${tf.getBackend()} is running`);
  const memory = memoryOf(backend);
  if (memory === null) return false;
  const starting = pools.get(memory) ?? poolOver(memory);
  pools.set(memory, starting);
  const pool = await starting;
  if (pool === null) return false;
  for (const [name, kernel] of Object.entries(kernelsOn(backend, pool))) {
    if (tf.getKernel(name, "wasm") !== undefined) tf.unregisterKernel(name, "wasm");
    tf.registerKernel({
      kernelName: name,
      backendName: "wasm",
      kernelFunc: ({ inputs, attrs }) => kernel(inputs as KernelInputs, (attrs ?? {}) as KernelAttributes),
    });
  }
  return true;
}

/** The backend's memory: exported by the single-threaded module, imported by the threaded one. */
function memoryOf({ wasm }: BackendWasm): WebAssembly.Memory | null {
  const candidates: unknown[] = [Reflect.get(wasm, "wasmMemory"), ...Object.values(Reflect.get(wasm, "asm") ?? {})];
  return candidates.find((candidate): candidate is WebAssembly.Memory => candidate instanceof WebAssembly.Memory) ?? null;
}

async function poolOver(memory: WebAssembly.Memory): Promise<Pool | null> {
  const compiled = await compileProgram(memory);
  if (compiled === null) return null;
  const { program, module } = compiled;
  if (!isShared(memory) || offered.length === 0) return singleThread(program);
  const ports = offered;
  offered = [];
  return startPool({ program, module, memory, ports });
}

function kernelsOn(backend: BackendWasm, pool: Pool): Record<WasmKernel, Kernel> {
  const heap = createHeap(backend);
  return {
    ...rowKernels(heap, pool),
    ...attentionKernels(heap, pool),
    ...blockKernels(heap, pool.program),
    ...meanKernels(heap, pool.program),
    ...weightKernels(heap, pool),
    ...optimizerKernels(heap, pool.program),
    ...moveKernels(heap, pool.program),
  };
}
