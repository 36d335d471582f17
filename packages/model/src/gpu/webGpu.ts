import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import * as tf from "@tensorflow/tfjs-core";
import { type ChosenVariant, chooseVariant, productTimer } from "../kernels/webgpu/chooseVariant.ts";
import { acceptDirectives } from "../kernels/webgpu/directives.ts";
import { installWebGpuKernels } from "../kernels/webgpu/install.ts";
import { setGpuTraits } from "../kernels/webgpu/traits.ts";
import { boundPool } from "./boundedPool.ts";

/** The WebGPU backend as it was started. */
interface StartedWebGpu {
  /** The GPU and its driver. */
  readonly adapter: string;
  /** Which variant of our kernels runs, and why, as part of a sentence. */
  readonly kernels: string;
}

/** Starts the WebGPU backend on a device of our own from `navigator.gpu`, with the optional features that our kernels use. */
export async function startWebGpu(): Promise<StartedWebGpu> {
  const gpu: GPU | undefined = globalThis.navigator?.gpu;
  if (gpu === undefined) throw new Error(`backend webgpu: ${whyNoWebGpu(globalThis.isSecureContext)}`);
  const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
  if (adapter === null) throw new Error("backend webgpu: the browser offers no GPU; it may block the GPU's driver");
  const { WebGPUBackend } = await import("@tensorflow/tfjs-backend-webgpu");
  tf.env().set("WEBGPU_MATMUL_PROGRAM_TYPE", deterministicMatMul);
  const device = await requestOwnDevice(adapter);
  stopWebGpu();
  const backend = new WebGPUBackend(device, adapter.info);
  boundPool(backend.bufferManager);
  tf.registerBackend("webgpu", () => backend, 3);
  if (!(await tf.setBackend("webgpu"))) throw new Error("backend webgpu: could not be started on this adapter");
  await tf.ready();
  const name = nameOf(adapter);
  const { variant, reason } = await prepareKernels(backend, name);
  setGpuTraits({ variant, ...featuresOf(device) });
  return { adapter: name, kernels: reason };
}

/** Why there is no `navigator.gpu`, where browsers say whether the page is secure and processes say nothing. */
export function whyNoWebGpu(isSecureContext: boolean | undefined): string {
  if (isSecureContext === undefined) return "this process has no WebGPU";
  return isSecureContext ? "this browser offers no WebGPU" : "browsers offer WebGPU only to pages from https or localhost";
}

/** Releases the device and everything on it. */
export function stopWebGpu(): void {
  if (tf.findBackendFactory("webgpu") !== null || tf.findBackend("webgpu") !== null) tf.removeBackend("webgpu");
}

/** Whether the adapter runs on the CPU. */
export function isSoftwareAdapter(name: string): boolean {
  return /swiftshader|llvmpipe|lavapipe|software|basic render|warp|fallback/i.test(name);
}

/** A device with the adapter's limits and those optional features that our kernels use, which takes programs with `enable` lines anywhere. */
async function requestOwnDevice(adapter: GPUAdapter): Promise<GPUDevice> {
  const requiredFeatures = optionalFeatures.filter((feature) => adapter.features.has(feature));
  const device = await adapter.requestDevice({ requiredFeatures, requiredLimits: limitsOf(adapter) });
  acceptDirectives(device);
  return device;
}

const optionalFeatures = ["shader-f16", "subgroups"] as const;

/** MatMulPackedProgram: the default picks, for long inner sizes, one that sums with float atomics, with other bits each time. */
const deterministicMatMul = 3;

/** What was measured on each adapter: the choice may not change while the page lives, or its numbers would. */
const chosen = new Map<string, ChosenVariant>();

async function prepareKernels(backend: WebGPUBackend, adapter: string): Promise<ChosenVariant> {
  const isSoftware = isSoftwareAdapter(adapter);
  setGpuTraits({ variant: isSoftware ? "registers" : "shared", ...featuresOf(backend.device) });
  installWebGpuKernels(backend);
  const known = chosen.get(adapter) ?? (await chooseVariant(isSoftware, productTimer(backend)));
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

function nameOf({ info }: GPUAdapter): string {
  const parts = [info.vendor, info.architecture, info.device, info.description].filter((part) => part !== "");
  const name = [...new Set(parts)].join(" ");
  // what runs on the CPU says so, where its name does not
  return info.isFallbackAdapter && !isSoftwareAdapter(name) ? `${name} (software)` : name;
}
