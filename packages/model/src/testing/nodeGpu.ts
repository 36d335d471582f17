import { create, globals } from "webgpu";

/** Gives Node a `navigator.gpu` (Dawn), as the WebGPU backend looks for it; false when this machine has no adapter. */
export async function provideNodeGpu(): Promise<boolean> {
  Object.assign(globalThis, globals);
  const gpu = create([]);
  const adapter = await gpu.requestAdapter().catch(() => null);
  if (adapter === null) return false;
  Object.defineProperty(globalThis, "navigator", { value: { gpu, hardwareConcurrency: 1 }, configurable: true });
  Object.defineProperty(globalThis, "WorkerGlobalScope", { value: class {}, configurable: true });
  return true;
}
