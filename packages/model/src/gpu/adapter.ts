/** A GPU that the browser or process offers. */
export interface FoundAdapter {
  readonly adapter: GPUAdapter;
  /** The GPU and its driver. */
  readonly name: string;
}

/** Why there is no GPU to compute on: the browser offers no WebGPU, or not to this page, or has none that it lends. */
export type GpuLack = "notOffered" | "insecure" | "noGpu";

/** No adapter; `lack` is null outside pages. */
export class NoAdapterError extends Error {
  readonly lack: GpuLack | null;
  constructor(message: string, lack: GpuLack | null) {
    super(`backend webgpu: ${message}`);
    this.lack = lack;
  }
}

/** Asks `navigator.gpu` for its fastest GPU, which starts nothing on it; throws a `NoAdapterError` where there is none. */
export async function findAdapter(): Promise<FoundAdapter> {
  const gpu: GPU | undefined = globalThis.navigator?.gpu;
  if (gpu === undefined) {
    const { isSecureContext } = globalThis;
    throw new NoAdapterError(
      whyNoWebGpu(isSecureContext),
      isSecureContext === undefined ? null : isSecureContext ? "notOffered" : "insecure",
    );
  }
  const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
  if (adapter === null) throw new NoAdapterError("the browser offers no GPU; it may block the GPU's driver", "noGpu");
  return { adapter, name: nameOf(adapter) };
}

/** Why there is no `navigator.gpu`, where browsers say whether the page is secure and processes say nothing. */
export function whyNoWebGpu(isSecureContext: boolean | undefined): string {
  if (isSecureContext === undefined) return "this process has no WebGPU";
  return isSecureContext ? "this browser offers no WebGPU" : "browsers offer WebGPU only to pages from https or localhost";
}

/** Whether the adapter runs on the CPU. */
export function isSoftwareAdapter(name: string): boolean {
  return /swiftshader|llvmpipe|lavapipe|software|basic render|warp|fallback/i.test(name);
}

function nameOf({ info }: GPUAdapter): string {
  const parts = [info.vendor, info.architecture, info.device, info.description].filter((part) => part !== "");
  const name = [...new Set(parts)].join(" ");
  // what runs on the CPU says so, where its name does not
  return info.isFallbackAdapter && !isSoftwareAdapter(name) ? `${name} (software)` : name;
}
