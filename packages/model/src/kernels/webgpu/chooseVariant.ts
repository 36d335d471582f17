import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import * as tf from "@tensorflow/tfjs-core";
import { type FusedKernel, runFused } from "../fusedKernels.ts";
import { gpuErrors } from "./gpuErrors.ts";
import type { KernelVariant } from "./gpuKernel.ts";
import { withVariant } from "./traits.ts";

/** Which variant of the kernels runs, and why, as part of a sentence. */
export interface ChosenVariant {
  readonly variant: KernelVariant;
  readonly reason: string;
}

/** A product to measure: x (numRows, width) times a square int8 matrix. */
interface MeasuredProduct {
  readonly numRows: number;
  readonly width: number;
}

/** Milliseconds of one product with one variant; infinity where the variant fails. */
export type MeasureVariant = (variant: KernelVariant, product: MeasuredProduct) => Promise<number>;

/** Each takes 8 to 16 times as much work as the one before; the first is enough for a software adapter. */
const products: readonly MeasuredProduct[] = [
  { numRows: 32, width: 256 },
  { numRows: 64, width: 512 },
  { numRows: 256, width: 1024 },
];
/** What takes less tells little about the product, so a larger one is measured. */
const tellingMs = 1;

/** The other variant is taken only when it is this factor faster, so that noise does not change a machine's numbers from visit to visit. */
const clearlyFaster = 1.4;
/** A difference that needs no second look. */
const beyondDoubt = 4;

/** Measures both variants and keeps what suits the adapter's kind, unless the other one is clearly faster. */
export async function chooseVariant(isSoftware: boolean, measure: MeasureVariant): Promise<ChosenVariant> {
  const [expected, other]: readonly KernelVariant[] = isSoftware ? ["registers", "shared"] : ["shared", "registers"];
  const [product, first] = await tellingProduct((larger) => measure(expected, larger), isSoftware ? 1 : products.length);
  const best: Record<KernelVariant, number> = { shared: first, registers: first, [other]: await measure(other, product) };
  if (best[expected] < beyondDoubt * best[other] && best[other] < beyondDoubt * best[expected]) {
    for (const variant of [expected, other]) best[variant] = Math.min(best[variant], await measure(variant, product));
  }
  const [variant, rejected] = best[expected] > clearlyFaster * best[other] ? [other, expected] : [expected, other];
  const times = `${shown(best[variant])} for a matrix product (${withWhat[rejected]}: ${shown(best[rejected])})`;
  return { variant, reason: `kernels ${withWhat[variant]}, ${times}` };
}

/** The first product that takes long enough to tell, or the last of the first `most`, with its milliseconds. */
async function tellingProduct(measure: (product: MeasuredProduct) => Promise<number>, most: number): Promise<[MeasuredProduct, number]> {
  for (const product of products.slice(0, most - 1)) {
    const ms = await measure(product);
    if (ms >= tellingMs) return [product, ms];
  }
  return [products[most - 1], await measure(products[most - 1])];
}

const withWhat: Record<KernelVariant, string> = { shared: "with workgroup memory", registers: "without barriers" };

function shown(ms: number): string {
  return Number.isFinite(ms) ? `${ms.toPrecision(2)} ms` : "it fails";
}

const numRuns = 2;
const numProducts = 2;

/** Measures `TuttiPackedLinear` on a backend that runs: the fastest of a few runs, after one that compiles, with the way back to the CPU. Leaves no tensor. */
export function productTimer(backend: WebGPUBackend): MeasureVariant {
  return (variant, { numRows, width }) =>
    withVariant(variant, async () => {
      const numWords = (width * width) / 4;
      const x = tf.fill<tf.Rank.R2>([numRows, width], 0.5);
      const words = tf.tensor1d(new Int32Array(numWords + (width * width) / groupSize).fill(packedWord), "int32");
      const form = { encoding: "int8", groupSize, numIn: width, numOut: width, scaleStart: numWords, numScaledRows: 0, rowScale: 1 };
      const attributes = { ...form, numRows, epilogue: "none", hasTail: false };
      const multiply = async (): Promise<number> => {
        const start = performance.now();
        const results = Array.from({ length: numProducts }, () => runFused(kernelName, { x, words }, attributes)[0]);
        await results[numProducts - 1].data();
        tf.dispose(results);
        return (performance.now() - start) / numProducts;
      };
      try {
        const { value, errors } = await gpuErrors(backend.device, async () => {
          await multiply();
          let best = Number.POSITIVE_INFINITY;
          for (let run = 0; run < numRuns; run++) best = Math.min(best, await multiply());
          return best;
        });
        return errors.length > 0 ? Number.POSITIVE_INFINITY : value;
      } catch {
        return Number.POSITIVE_INFINITY; // a variant that cannot run here is not chosen
      } finally {
        tf.dispose([x, words]);
      }
    });
}

const kernelName: FusedKernel = "TuttiPackedLinear";
const groupSize = 32;
/** Four equal int8 values, and read as a float a scale near 0.75. */
const packedWord = 0x3f3f3f3f;
