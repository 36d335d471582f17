import { beforeAll, beforeEach } from "vitest";
import { startBackend } from "../backends.ts";
import { provideNodeGpu } from "../gpu/nodeGpu.ts";

/** Starts WebGPU once for all tests of a file, so that programs are compiled once; without an adapter the tests are skipped. */
export function shareGpu(): void {
  let hasGpu = false;
  beforeAll(async () => {
    hasGpu = await provideNodeGpu();
    if (hasGpu) await startBackend("webgpu");
  }, 60_000);
  beforeEach((context) => {
    if (!hasGpu) context.skip("skipped: no WebGPU adapter for Node");
  });
}
