import { expect, test } from "vitest";
import { gpuErrors } from "./gpuErrors.ts";

/** A device whose error scopes hold these messages, outermost last, and how many are open. */
function device(messages: readonly (string | null)[]) {
  const open: string[] = [];
  const left = [...messages];
  return {
    open,
    pushErrorScope: (filter: GPUErrorFilter): undefined => void open.push(filter),
    async popErrorScope(): Promise<GPUError | null> {
      open.pop();
      const message = left.shift() ?? null;
      return message === null ? null : ({ message } as GPUError);
    },
  };
}

test("work that the device takes without a word has no errors", async () => {
  const gpu = device([]);
  expect(await gpuErrors(gpu, async () => [...gpu.open])).toEqual({ value: ["internal", "out-of-memory", "validation"], errors: [] });
  expect(gpu.open).toEqual([]);
});

test("what the device refused is told beside the result", async () => {
  const result = await gpuErrors(device(["no such type", null, "lost"]), async () => 7);
  expect(result).toEqual({ value: 7, errors: ["no such type", "lost"] });
});

test("scopes are closed when the work throws", async () => {
  const gpu = device([]);
  await expect(gpuErrors(gpu, () => Promise.reject(new Error("stopped")))).rejects.toThrow("stopped");
  expect(gpu.open).toEqual([]);
});
