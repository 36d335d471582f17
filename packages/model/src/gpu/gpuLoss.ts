import * as tf from "@tensorflow/tfjs-core";
import { runningGpuDevice } from "./gpuCounters.ts";

/** Resolves with the reason once the GPU that computes is taken away; null where another backend runs. */
export function whenGpuLost(): Promise<string> | null {
  return tf.getBackend() === "webgpu" ? lossOf(runningGpuDevice()) : null;
}

/** A device that was given up on purpose is not lost. */
export async function lossOf({ lost }: { readonly lost: Promise<Pick<GPUDeviceLostInfo, "reason" | "message">> }): Promise<string> {
  const { reason, message } = await lost;
  if (reason === "destroyed") return new Promise(() => undefined);
  return `the GPU was taken away${message === "" ? "" : ` (${message})`}`;
}
