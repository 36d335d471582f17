import * as tf from "@tensorflow/tfjs";
import { expect, test } from "vitest";
import { chooseBackend, startBackend } from "./backends.ts";
import { isSoftwareAdapter, whyNoWebGpu } from "./gpu/adapter.ts";

test("without WebGPU the fastest backend is wasm, and the reason says why", async () => {
  const chosen = await chooseBackend();
  expect(chosen).toMatchObject({ name: "wasm", threads: 1, adapter: null });
  expect(chosen.reason).toMatch(
    /^WASM with 1 thread takes (less than 1|\d+) ms for a test step; WebGPU does not start \(this process has no WebGPU\)$/,
  );
  expect(tf.getBackend()).toBe("wasm");
});

test("a backend that is asked for runs, and leaves no tensors of its own", async () => {
  const numTensors = tf.memory().numTensors;
  expect(await startBackend("cpu")).toEqual({ name: "cpu", threads: 1, adapter: null, kernels: null });
  expect(tf.getBackend()).toBe("cpu");
  expect(tf.memory().numTensors).toBe(numTensors);
  await expect(startBackend("webgpu")).rejects.toThrow("no WebGPU");
});

test("software adapters are recognised by name", () => {
  expect(isSoftwareAdapter("google swiftshader SwiftShader driver 5.0.0")).toBe(true);
  expect(isSoftwareAdapter("an adapter (software)")).toBe(true);
  expect(isSoftwareAdapter("llvmpipe (LLVM 15.0.7, 256 bits)")).toBe(true);
  expect(isSoftwareAdapter("apple common-3")).toBe(false);
});

test("a missing WebGPU is put down to plain http only where the page is on plain http", () => {
  expect(whyNoWebGpu(true)).toBe("this browser offers no WebGPU");
  expect(whyNoWebGpu(false)).toBe("browsers offer WebGPU only to pages from https or localhost");
  expect(whyNoWebGpu(undefined)).toBe("this process has no WebGPU");
});
