import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import * as tf from "@tensorflow/tfjs-core";
import { type ChosenVariant, chooseVariant, productTimer } from "../kernels/webgpu/chooseVariant.ts";
import { acceptDirectives } from "../kernels/webgpu/directives.ts";
import { installWebGpuKernels } from "../kernels/webgpu/install.ts";
import { setGpuTraits } from "../kernels/webgpu/traits.ts";
import { findAdapter, isSoftwareAdapter } from "./adapter.ts";
import { boundPool } from "./boundedPool.ts";
import { pollsSlowly, wakeReadbacks } from "./readbacks.ts";

/** The WebGPU backend as it was started. */
interface StartedWebGpu {
  /** The GPU and its driver. */
  readonly adapter: string;
  readonly kernels: ChosenVariant;
}

/**
 * Starts the WebGPU backend on a device of our own from `navigator.gpu`, with the optional features that our kernels use. Their variant is measured,
 * unless it is `known` from before.
 */
export async function startWebGpu(known?: ChosenVariant): Promise<StartedWebGpu> {
  const { adapter, name } = await findAdapter();
  const { WebGPUBackend } = await import("@tensorflow/tfjs-backend-webgpu");
  tf.env().set("WEBGPU_MATMUL_PROGRAM_TYPE", deterministicMatMul);
  const device = await requestOwnDevice(adapter);
  stopWebGpu();
  const backend = new WebGPUBackend(device, adapter.info);
  boundPool(backend.bufferManager);
  tf.registerBackend("webgpu", () => backend, 3);
  if (!(await tf.setBackend("webgpu"))) throw new Error("backend webgpu: could not be started on this adapter");
  await tf.ready();
  const kernels = await prepareKernels(backend, name, known);
  setGpuTraits({ variant: kernels.variant, ...featuresOf(device) });
  return { adapter: name, kernels };
}

/** Releases the device and everything on it. */
export function stopWebGpu(): void {
  if (tf.findBackendFactory("webgpu") !== null || tf.findBackend("webgpu") !== null) tf.removeBackend("webgpu");
}

/** A device with the adapter's limits and those optional features that our kernels use, which takes programs with `enable` lines anywhere. */
async function requestOwnDevice(adapter: GPUAdapter): Promise<GPUDevice> {
  const requiredFeatures = optionalFeatures.filter((feature) => adapter.features.has(feature));
  const device = await adapter.requestDevice({ requiredFeatures, requiredLimits: limitsOf(adapter) });
  acceptDirectives(device);
  if (pollsSlowly(globalThis.navigator.userAgent ?? "")) wakeReadbacks(device);
  return device;
}

const optionalFeatures = ["shader-f16", "subgroups"] as const;

/** MatMulPackedProgram: the default picks, for long inner sizes, one that sums with float atomics, with other bits each time. */
const deterministicMatMul = 3;

/** What was measured on each adapter: the choice may not change while the page lives, or its numbers would. */
const chosen = new Map<string, ChosenVariant>();

async function prepareKernels(backend: WebGPUBackend, adapter: string, remembered: ChosenVariant | undefined): Promise<ChosenVariant> {
  const isSoftware = isSoftwareAdapter(adapter);
  setGpuTraits({ variant: isSoftware ? "registers" : "shared", ...featuresOf(backend.device) });
  installWebGpuKernels(backend);
  const known = chosen.get(adapter) ?? remembered ?? (await chooseVariant(isSoftware, productTimer(backend)));
  chosen.set(adapter, known);
  return known;
}

function featuresOf({ features }: GPUDevice): { readonly hasF16: boolean; readonly hasSubgroups: boolean } {
  return { hasF16: features.has("shader-f16"), hasSubgroups: features.has("subgroups") };
}

function limitsOf(adapter: GPUAdapter): Record<string, number> {
  const names = [
    "maxComputeWorkgroupStorageSize",
    "maxComputeWorkgroupsPerDimension",
    "maxStorageBufferBindingSize",
    "maxBufferSize",
    "maxComputeWorkgroupSizeX",
    "maxComputeInvocationsPerWorkgroup",
  ] as const;
  return Object.fromEntries(names.map((name) => [name, adapter.limits[name]]));
}
