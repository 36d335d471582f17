import { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import type { WasmKernel } from "../fusedKernels.ts";
import { attentionKernels } from "./attentionKernels.ts";
import { blockKernels } from "./blockKernels.ts";
import { createHeap, type Kernel, type KernelAttributes, type KernelInputs } from "./heap.ts";
import { compileProgram, type WasmProgram } from "./program.ts";
import { rowKernels } from "./rowKernels.ts";
import { weightKernels } from "./weightKernels.ts";

/**
 * Registers our kernels on the WASM backend that is running, over its own memory. Answers false where the engine has no vector
 * instructions or the backend hides its memory; the plain operations then do the work.
 */
export async function installWasmKernels(): Promise<boolean> {
  const backend = tf.backend();
  if (!(backend instanceof BackendWasm)) throw new Error(`our WASM kernels need the wasm backend, ${tf.getBackend()} is running`);
  const memory = memoryOf(backend);
  const program = memory === null ? null : await compileProgram(memory);
  if (memory === null || program === null) return false;
  for (const [name, kernel] of Object.entries(kernelsOn(backend, program))) {
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

function kernelsOn(backend: BackendWasm, program: WasmProgram): Record<WasmKernel, Kernel> {
  const heap = createHeap(backend);
  return {
    ...rowKernels(heap, program),
    ...attentionKernels(heap, program),
    ...blockKernels(heap, program),
    ...weightKernels(heap, program),
  };
}
