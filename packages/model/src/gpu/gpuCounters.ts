import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import * as tf from "@tensorflow/tfjs-core";

/** What a GPU device was asked for since the counting began or was last reset. */
export interface GpuCounters {
  /** Compute dispatches, indirect ones included. */
  readonly dispatches: number;
  /** Buffers mapped for reading: each is one wait for the GPU. */
  readonly readbacks: number;
  /** Compute pipelines made, at once or asynchronously. */
  readonly pipelines: number;
  readonly shaderModules: number;
  /** Sets all numbers to zero. */
  reset(): void;
  /** Puts the device back as it was. */
  stop(): void;
}

/** The device of the WebGPU backend that runs; throws when another backend does. */
export function runningGpuDevice(): GPUDevice {
  if (tf.getBackend() !== "webgpu") throw new Error(`no WebGPU device: the backend that runs is ${tf.getBackend()}`);
  return (tf.backend() as WebGPUBackend).device;
}

/**
 * Counts what is asked of a device, in browsers and in Node. Dispatches and readbacks are counted on the prototypes of passes and buffers, so that
 * those made before count too; with several devices at work, theirs are counted together.
 */
export function countGpu(device: GPUDevice): GpuCounters {
  const counts = { dispatches: 0, readbacks: 0, pipelines: 0, shaderModules: 0 };
  const { pass, buffer } = prototypesOf(device);
  const restores = [
    watch(pass, "dispatchWorkgroups", () => counts.dispatches++),
    watch(pass, "dispatchWorkgroupsIndirect", () => counts.dispatches++),
    watch(buffer, "mapAsync", ([mode]) => mode === mapRead && counts.readbacks++),
    watch(device, "createComputePipeline", () => counts.pipelines++),
    watch(device, "createComputePipelineAsync", () => counts.pipelines++),
    watch(device, "createShaderModule", () => counts.shaderModules++),
  ];
  return {
    get dispatches() {
      return counts.dispatches;
    },
    get readbacks() {
      return counts.readbacks;
    },
    get pipelines() {
      return counts.pipelines;
    },
    get shaderModules() {
      return counts.shaderModules;
    },
    reset: () => void Object.assign(counts, { dispatches: 0, readbacks: 0, pipelines: 0, shaderModules: 0 }),
    stop() {
      for (const restore of restores.splice(0).reverse()) restore();
    },
  };
}

/** GPUMapMode.READ, which not every process has as a global. */
const mapRead = 1;
/** GPUBufferUsage.COPY_DST */
const copyDestination = 8;

function prototypesOf(device: GPUDevice): { readonly pass: object; readonly buffer: object } {
  const buffer = device.createBuffer({ size: 4, usage: copyDestination });
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.end();
  encoder.finish();
  buffer.destroy();
  return { pass: Object.getPrototypeOf(pass), buffer: Object.getPrototypeOf(buffer) };
}

/** Calls `onCall` before a method does its work; returns what takes that back. */
function watch(target: object, name: string, onCall: (args: readonly unknown[]) => void): () => void {
  const own = Object.getOwnPropertyDescriptor(target, name);
  const method: (...args: unknown[]) => unknown = Reflect.get(target, name);
  const value = function watched(this: unknown, ...args: unknown[]): unknown {
    onCall(args);
    return method.apply(this, args);
  };
  Object.defineProperty(target, name, { value, configurable: true, writable: true });
  return () => {
    if (own === undefined) Reflect.deleteProperty(target, name);
    else Object.defineProperty(target, name, own);
  };
}
