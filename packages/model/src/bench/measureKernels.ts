import * as tf from "@tensorflow/tfjs";
import { hasFused } from "../kernels/fusedKernels.ts";
import { middle } from "./contest.ts";
import { withLibraryProducts } from "./contestants.ts";
import { type KernelCase, kernelCases, type LayerSizes, productCase } from "./kernelCases.ts";

/** What a device can do at best, as our own kernels and the library's find it. */
export interface DevicePeaks {
  /** Of the best of our products from f32 and from int8 weights and of the library's. */
  readonly operationsPerSecond: number;
  /** Of a sum of two large vectors. */
  readonly bytesPerSecond: number;
}

/** The time of one kernel on a shape, beside what its operations and bytes need at least. */
export interface KernelMeasurement {
  readonly name: string;
  readonly operations: number;
  readonly bytes: number;
  /** Of one call; null where it could not be measured. */
  readonly ms: number | null;
  /** Share of what operations and bytes allow on this device, 0 to 1. */
  readonly fractionOfRoofline: number | null;
  /** Why it could not be measured. */
  readonly reason: string | null;
}

/** Times every kind of dispatch of such a layer on the WebGPU backend. */
export async function measureKernels(sizes: LayerSizes, peaks: DevicePeaks, budgetMs: number): Promise<KernelMeasurement[]> {
  const measured: KernelMeasurement[] = [];
  const cases = kernelCases(sizes);
  for (const one of cases) measured.push(await measureKernel(one, peaks, budgetMs / cases.length));
  return measured;
}

async function measureKernel(one: KernelCase, peaks: DevicePeaks, budgetMs: number): Promise<KernelMeasurement> {
  const { name, operations, bytes } = one;
  const missing = (reason: string) => ({ name, operations, bytes, ms: null, fractionOfRoofline: null, reason });
  if (!hasFused(one.kernel)) return missing(`this backend has no ${one.kernel}`);
  try {
    const ms = await msPerCall(one, budgetMs);
    return { name, operations, bytes, ms, fractionOfRoofline: rooflineMs({ operations, bytes }, peaks) / ms, reason: null };
  } catch (error) {
    return missing(error instanceof Error ? error.message : String(error));
  }
}

/** The least time that the operations and the bytes of a kernel allow. */
function rooflineMs({ operations, bytes }: { readonly operations: number; readonly bytes: number }, peaks: DevicePeaks): number {
  return 1000 * Math.max(operations / peaks.operationsPerSecond, bytes / peaks.bytesPerSecond);
}

/** Finds the device's peaks; `productSize` is rows, inputs and outputs of the products. */
export async function measurePeaks(productSize: number, budgetMs: number): Promise<DevicePeaks> {
  const numValues = productSize ** 2 * 4;
  const sum: Pick<KernelCase, "prepare"> = {
    prepare() {
      const [a, b] = [tf.ones([numValues]), tf.zeros([numValues])];
      return () => [tf.add(a, b)];
    },
  };
  const library: Pick<KernelCase, "prepare"> = {
    prepare() {
      const [a, b] = [tf.ones<tf.Rank.R2>([productSize, productSize]), tf.ones<tf.Rank.R2>([productSize, productSize])];
      return () => [tf.matMul(a, b)];
    },
  };
  const rates = [(2000 * productSize ** 3) / (await withLibraryProducts(() => msPerCall(library, budgetMs / 4)))];
  for (const encoding of ["f32", "int8"] as const) {
    const product = productCase({ name: "peak", rows: productSize, encoding, numIn: productSize, numOut: productSize });
    if (hasFused(product.kernel)) rates.push((1000 * product.operations) / (await msPerCall(product, budgetMs / 4)));
  }
  const sumMs = await msPerCall(sum, budgetMs / 4);
  return { operationsPerSecond: Math.max(...rates), bytesPerSecond: (1000 * 12 * numValues) / sumMs };
}

/** Milliseconds of one call among many that the device runs one after the other, the wait for the device taken away. */
async function msPerCall({ prepare }: Pick<KernelCase, "prepare">, budgetMs: number): Promise<number> {
  tf.engine().startScope();
  try {
    const call = prepare();
    const first = call();
    const run = async (numCalls: number): Promise<number> => {
      const start = performance.now();
      let last = first;
      for (let i = 0; i < numCalls; i++) {
        if (last !== first) tf.dispose(last);
        last = call();
      }
      await computed(last[0]);
      if (last !== first) tf.dispose(last);
      return performance.now() - start;
    };
    await run(1);
    const once = await run(1);
    const numCalls = Math.max(1, Math.min(200, Math.floor(budgetMs / 4 / once)));
    const waits = [await run(0), await run(0), await run(0)];
    const times = [await run(numCalls), await run(numCalls), await run(numCalls)];
    return Math.max(1e-6, middle(times) - middle(waits)) / numCalls;
  } finally {
    tf.engine().endScope();
  }
}

/** The device works in order: what can be read of a result is there when it and all before it are. One number is enough. */
async function computed(result: tf.Tensor): Promise<void> {
  const one = tf.slice(
    result,
    result.shape.map(() => 0),
    result.shape.map(() => 1),
  );
  await one.data();
  one.dispose();
}
