import type { GpuLack } from "./gpu/adapter.ts";
import type { ChosenVariant } from "./kernels/webgpu/chooseVariant.ts";
import type { BackendName, StartedBackend } from "./startedBackend.ts";
import type { FewThreads } from "./threads.ts";

/** A backend as a reason names it. */
export interface NamedBackend {
  readonly backend: BackendName;
  readonly threads: number;
  /** The GPU and its driver; null elsewhere. */
  readonly adapter: string | null;
}

/** What else is to be said of a choice. */
export type BackendNote =
  | FewThreads
  | { readonly kind: "kernels"; readonly variant: ChosenVariant["variant"] }
  /** Our kernels are not used: as asked, or because they fail here. */
  | { readonly kind: "plainKernels"; readonly isAsked: boolean }
  /** `detail`: what was thrown, in English. */
  | { readonly kind: "noStart" | "noCompute"; readonly backend: BackendName; readonly detail: string }
  | { readonly kind: "noGpu"; readonly lack: GpuLack; readonly detail: string }
  | { readonly kind: "software"; readonly adapter: string }
  /** A page gave up waiting for the threads, or for the GPU. */
  | { readonly kind: "threadsStuck"; readonly threads: number; readonly seconds: number }
  | { readonly kind: "gpuStuck"; readonly seconds: number };

/** Why a backend computes, as kinds with figures: the sentence `reason` says the same in English. */
export interface BackendWhy extends NamedBackend {
  /** Who asked for it; null where it was measured. */
  readonly askedBy: "run" | "address" | "client" | "fallback" | null;
  /** Milliseconds of a test step of each that was measured, the fastest first. */
  readonly measured: readonly (NamedBackend & { readonly ms: number })[];
  /** When it was measured, in milliseconds since 1970, where it is remembered. */
  readonly rememberedAtMs: number | null;
  readonly notes: readonly BackendNote[];
}

/** A started backend by name. */
export function namedBackend({ name, threads, adapter }: StartedBackend): NamedBackend {
  return { backend: name, threads, adapter };
}

/** What is said of the kernels of a backend on WebGPU. */
export function kernelNotes({ kernels }: Pick<StartedBackend, "kernels">): readonly BackendNote[] {
  return kernels === null ? [] : [{ kind: "kernels", variant: kernels.variant }];
}
