import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import * as tf from "@tensorflow/tfjs-core";

/** What went wrong on a device while `work` ran: programs that do not compile, calls that it refused, memory that it lacked. Such errors are never thrown. */
export async function gpuErrors<T>(
  device: Pick<GPUDevice, "pushErrorScope" | "popErrorScope">,
  work: () => Promise<T>,
): Promise<{ readonly value: T; readonly errors: readonly string[] }> {
  for (const filter of filters) device.pushErrorScope(filter);
  const popped: Promise<GPUError | null>[] = [];
  const close = (): void => {
    for (let i = 0; i < filters.length; i++) popped.push(device.popErrorScope().catch(() => null)); // a lost device says so itself
  };
  const value = await work().finally(close);
  const errors = (await Promise.all(popped)).flatMap((error) => (error === null ? [] : [error.message]));
  return { value, errors };
}

const filters = ["internal", "out-of-memory", "validation"] as const;

/** The same on the backend that runs; elsewhere than on WebGPU errors are thrown, and there is nothing to watch. */
export async function backendErrors<T>(work: () => Promise<T>): Promise<{ readonly value: T; readonly errors: readonly string[] }> {
  return tf.getBackend() === "webgpu" ? gpuErrors((tf.backend() as WebGPUBackend).device, work) : { value: await work(), errors: [] };
}
