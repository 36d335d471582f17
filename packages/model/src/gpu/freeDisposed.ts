import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import * as tf from "@tensorflow/tfjs-core";

/**
 * On WebGPU hands the commands that wait to the device, since only then the buffers of disposed tensors are free for what comes next; on other
 * backends they are free already.
 */
export function freeDisposed(): void {
  if (tf.getBackend() !== "webgpu") return;
  const backend = tf.backend() as WebGPUBackend;
  backend.ensureCommandEncoderReady();
  backend.endComputePassEncoder();
  backend.submitQueue();
}
