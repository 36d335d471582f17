/** One for the process: Dawn ends it now and then when an instance is collected while devices of another are at work. */
let instance: GPU | null = null;

/** Gives Node a `navigator.gpu` (Dawn), as the WebGPU backend looks for it; false when this machine has no adapter. */
export async function provideNodeGpu(): Promise<boolean> {
  const { create, globals } = await import("webgpu").catch((cause: unknown) => {
    throw new Error("WebGPU in Node needs the package webgpu, which is not installed here: `npm install webgpu` adds it", { cause });
  });
  Object.assign(globalThis, globals);
  instance ??= create([]);
  const adapter = await instance.requestAdapter().catch(() => null);
  if (adapter === null) return false;
  Object.defineProperty(globalThis, "navigator", { value: { gpu: instance, hardwareConcurrency: 1 }, configurable: true });
  Object.defineProperty(globalThis, "WorkerGlobalScope", { value: class {}, configurable: true });
  return true;
}
