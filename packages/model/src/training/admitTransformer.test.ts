import * as tf from "@tensorflow/tfjs";
import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { withAdmission } from "../backbone/convert.ts";
import type { PackedBackbone } from "../backbone/packed.ts";
import { startBackend } from "../backends.ts";
import { provideNodeGpu } from "../gpu/nodeGpu.ts";
import { chooseKernels, chosenKernels } from "../kernels/fusedKernels.ts";
import { runFlat } from "../kernels/webgpu/flatProgram.ts";
import { goldenBackbone } from "../testing/golden.ts";
import { checkpointInMemory, convertInMemory, goldenCheckpoint } from "../testing/goldenBackbone.ts";
import { computeAdmission } from "./admission.ts";
import { admitTransformer } from "./admitTransformer.ts";

let backbone: PackedBackbone;

beforeAll(async () => {
  await startBackend("cpu");
  const golden = goldenBackbone("roberta");
  const { report } = await convertInMemory(checkpointInMemory(await goldenCheckpoint("roberta")));
  backbone = { ...golden, manifest: withAdmission(report.manifest, await computeAdmission(golden)) };
});

type Kernel = (original: tf.KernelFunc) => tf.KernelFunc;

const restores: (() => void)[] = [];

/** Puts another kernel in the place of one of ours until the test ends. */
function replaceKernel(kernelName: string, change: Kernel): void {
  const original = tf.getKernel(kernelName, tf.getBackend());
  const register = (config: tf.KernelConfig): void => {
    tf.unregisterKernel(kernelName, config.backendName);
    tf.registerKernel(config);
  };
  register({ ...original, kernelFunc: change(original.kernelFunc) });
  restores.push(() => register(original));
}

afterEach(() => {
  for (const restore of restores.splice(0)) restore();
  chooseKernels("fast");
});

const wrongEpsilon: Kernel = (original) => (call) => original({ ...call, attrs: { ...call.attrs, epsilon: 0.05 } });
const throwing: Kernel = () => () => {
  throw new Error("no memory for\n   this kernel");
};

/** Right numbers, after a program that does not compile. */
const alsoBroken: Kernel = (original) => (call) => {
  const backend = tf.backend() as WebGPUBackend;
  const program = { key: "broken", isWide: false, integers: {}, workgroupSize: 64, numWorkgroups: 1, shape: [64] };
  backend.disposeData(runFlat(backend, { ...program, inputs: {}, source: "fn main(index : i32) { result[index] = nothing; }" }).dataId);
  return original(call);
};

/** Admits with plain kernels after the fast ones failed, leaves no tensor, and returns what is said about it. */
async function noticeOfFall(): Promise<string | null> {
  const before = tf.memory().numTensors;
  const { transformer, notice, ...admitted } = await admitTransformer(backbone);
  expect(admitted).toMatchObject({ kernels: "plain", admission: { isPassed: true } });
  expect(chosenKernels()).toBe("plain");
  transformer.dispose();
  expect(tf.memory().numTensors).toBe(before);
  return notice?.sentence ?? null;
}

describe.for([
  { name: "wasm", norm: "TuttiNorm" },
  { name: "webgpu", norm: "TuttiNormRows" },
] as const)("on $name", { timeout: 120_000 }, ({ name, norm }) => {
  beforeAll(async () => {
    if (name === "wasm" || (await provideNodeGpu())) await startBackend(name);
  });
  // a software adapter takes seconds for a device's first programs, so one device serves all these tests
  beforeEach((context) => {
    if (tf.getBackend() !== name) context.skip("skipped: no WebGPU adapter for Node");
  });

  test("a kernel of ours that gives other numbers is replaced by plain ones, and the sentence says so", async () => {
    replaceKernel(norm, wrongEpsilon);
    expect(await noticeOfFall()).toMatch(
      /^This computer's fast kernels gave other numbers \(relative error \de-\d\), so the plain ones are used\.$/,
    );
  });

  test("a kernel of ours that throws is replaced by plain ones", async () => {
    replaceKernel(norm, throwing);
    expect(await noticeOfFall()).toBe("This computer's fast kernels failed (no memory for this kernel), so the plain ones are used.");
  });

  // WebAssembly compiles with the page, and has no optimiser of ours
  if (name === "webgpu") {
    test("a program that does not compile is a failure too, whatever the numbers are", async () => {
      replaceKernel(norm, alsoBroken);
      expect(await noticeOfFall()).toMatch(/^This computer's fast kernels failed \(the GPU refused a call: .*nothing/);
    });

    test("an optimiser's step that is wrong is a failure of its own", async () => {
      replaceKernel("TuttiAdamW", (original) => (call) => original({ ...call, attrs: { ...call.attrs, clipNorm: 2 } }));
      expect(await noticeOfFall()).toContain("gave other numbers");
    });
  }

  test("right kernels of ours stay, and are left out where plain ones are wanted", async () => {
    const fast = await admitTransformer(backbone);
    expect(fast).toMatchObject({ kernels: "fast", notice: null, admission: { isPassed: true } });
    fast.transformer.dispose();
    replaceKernel(norm, throwing);
    const plain = await admitTransformer(backbone, "plain");
    expect(plain).toMatchObject({ kernels: "plain", admission: { isPassed: true } });
    expect(plain.notice).toMatchObject({ isAsked: true, sentence: expect.stringContaining("turned off, as asked") });
    plain.transformer.dispose();
  });
});

test("a backend without kernels of ours computes with plain ones, and that needs no word", async () => {
  await startBackend("cpu");
  const { transformer, ...admitted } = await admitTransformer(backbone);
  expect(admitted).toMatchObject({ kernels: "plain", notice: null, admission: { isPassed: true } });
  transformer.dispose();
});

test("a backbone that is wrong whatever computes does not pass with plain kernels either", async () => {
  await startBackend("wasm");
  const { manifest } = backbone;
  if (manifest?.admission === undefined) throw new Error("the backbone of this test has golden numbers");
  const wrong = { ...backbone, manifest: { ...manifest, admission: { ...manifest.admission, loss: 2 * manifest.admission.loss } } };
  const { transformer, ...admitted } = await admitTransformer(wrong);
  expect(admitted).toMatchObject({ kernels: "plain", admission: { isPassed: false } });
  transformer.dispose();
});
