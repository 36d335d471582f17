import type { ChosenVariant } from "./kernels/webgpu/chooseVariant.ts";

/** The tensor library's backends that a tab or Node process can start. */
export type BackendName = "webgpu" | "wasm" | "cpu";

/** The backends as sentences name them. */
export const backendTitles: Readonly<Record<BackendName, string>> = { webgpu: "WebGPU", wasm: "WASM", cpu: "Plain JavaScript" };

/** How a backend is started. */
export interface BackendOptions {
  /** WASM threads; 0 or absent for as many as there are cores. More than 1 needs a cross-origin isolated page and threads that were offered. */
  readonly threads?: number;
  /** Folder (with a closing slash) that serves the tfjs-backend-wasm*.wasm files; Node finds its own. */
  readonly wasmPath?: string | undefined;
  /** Which of our kernels' variants runs on WebGPU, where that was measured before on this adapter. */
  readonly kernels?: ChosenVariant | undefined;
}

/** A backend that computes now. */
export interface StartedBackend {
  readonly name: BackendName;
  /** CPU threads that compute; 1 on WebGPU. */
  readonly threads: number;
  /** The GPU and its driver, such as `google swiftshader`; null elsewhere. */
  readonly adapter: string | null;
  /** Which variant of our kernels runs on WebGPU, and why, as part of a sentence; null elsewhere. */
  readonly kernels: ChosenVariant | null;
}
