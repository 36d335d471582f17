import * as tf from "@tensorflow/tfjs";
import { installWebGpuKernels } from "./kernels/webgpu/install.ts";

/** Starts the WebGPU backend on `navigator.gpu` and names the adapter. */
export async function startWebGpu(): Promise<string> {
  const gpu: GPU | undefined = globalThis.navigator?.gpu;
  if (gpu === undefined) throw new Error("backend webgpu: this page or process has no WebGPU (it needs https or localhost)");
  const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
  if (adapter === null) throw new Error("backend webgpu: no adapter");
  const { WebGPUBackend } = await import("@tensorflow/tfjs-backend-webgpu");
  tf.env().set("WEBGPU_MATMUL_PROGRAM_TYPE", deterministicMatMul);
  const device = await adapter.requestDevice({ requiredLimits: limitsOf(adapter) });
  stopWebGpu();
  const backend = new WebGPUBackend(device, adapter.info);
  tf.registerBackend("webgpu", () => backend, 3);
  if (!(await tf.setBackend("webgpu"))) throw new Error("backend webgpu: could not be started on this adapter");
  await tf.ready();
  installWebGpuKernels(backend);
  return nameOf(adapter);
}

/** Releases the device and everything on it. */
export function stopWebGpu(): void {
  if (tf.findBackendFactory("webgpu") !== null || tf.findBackend("webgpu") !== null) tf.removeBackend("webgpu");
}

/** Whether the adapter runs on the CPU. */
export function isSoftwareAdapter(name: string): boolean {
  return /swiftshader|llvmpipe|lavapipe|software|basic render|warp|fallback/i.test(name);
}

/** MatMulPackedProgram: the default picks, for long inner sizes, one that sums with float atomics, with other bits each time. */
const deterministicMatMul = 3;

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
  return info.isFallbackAdapter ? `${name} (fallback)` : name;
}
