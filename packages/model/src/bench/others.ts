import * as tf from "@tensorflow/tfjs";
import { hasFused } from "../kernels/fusedKernels.ts";
import { type ContestOptions, interleave, medianRatio, middle } from "./contest.ts";
import { type BenchBatch, withLibraryProducts } from "./contestants.ts";
import { productCase } from "./kernelCases.ts";

/** A GPT of gpt-tfjs. */
export interface GptShape {
  readonly numLayers: number;
  readonly hiddenSize: number;
  readonly numHeads: number;
  readonly vocabSize: number;
}

/**
 * Milliseconds of each training step of gpt-tfjs's own training loop, all weights trained, on the backend that runs; the first one, which
 * compiles, is left out.
 */
export async function gptTfjsSteps(shape: GptShape, { numTexts, numTokens }: BenchBatch, numSteps: number): Promise<number[]> {
  const { model, train } = await import("gpt-tfjs").then((found) => found.default);
  const { numLayers: nLayer, hiddenSize: nEmbd, numHeads: nHead, vocabSize } = shape;
  const gpt = model.GPT({ nLayer, nEmbd, nHead, vocabSize, blockSize: numTokens, dropout: 0, embdDrop: 0, residDrop: 0 });
  const ids = Int32Array.from({ length: numTexts * numTokens }, (_, i) => (7 * i) % vocabSize);
  const next = async () => {
    const x = tf.tensor2d(ids, [numTexts, numTokens], "int32");
    return { done: false, value: { x, y: tf.oneHot(x, vocabSize) } };
  };
  const dataset = { shuffle: () => dataset, batch: () => dataset, iterator: async () => ({ next }) };
  const times: number[] = [];
  let before = performance.now();
  const onStep = () => {
    const now = performance.now();
    times.push(now - before);
    before = now;
  };
  await withLibraryProducts(() => train.train(gpt, dataset, { maxIter: 1 + numSteps, batchSize: numTexts, callbacks: [onStep] }));
  gpt.dispose();
  return times.slice(1);
}

/** A product (rows, width) · (width, width) in three libraries. */
export interface ProductMeasurement {
  /** How many times longer the others took than ours from f32 weights, medians of the ratios of all rounds. */
  readonly timesJax: number;
  readonly timesStock: number;
  readonly ownMs: number;
  readonly jaxMs: number;
  readonly stockMs: number;
  /** Ours from int8 weights. */
  readonly int8Ms: number;
}

/** Products of jax-js beside ours and the library's, on the same adapter; each result is read. */
export async function measureProducts(width: number, numRows: number, options: ContestOptions): Promise<ProductMeasurement> {
  if (!hasFused("TuttiPackedLinear")) throw new Error("this backend has no packed product of ours");
  const jax = await import("@jax-js/jax");
  // it asks for the browser's name before anything else
  if (navigator.userAgent === undefined) Object.defineProperty(navigator, "userAgent", { value: "Node", configurable: true });
  await jax.init("webgpu");
  jax.defaultDevice("webgpu");
  const np = jax.numpy;
  const [a, b] = [np.ones([numRows, width]), np.ones([width, width])];
  tf.engine().startScope();
  try {
    const own = (encoding: "f32" | "int8") =>
      productCase({ name: "product", rows: numRows, encoding, numIn: width, numOut: width }).prepare();
    const [f32, int8] = [own("f32"), own("int8")];
    const [x, w] = [tf.ones<tf.Rank.R2>([numRows, width]), tf.ones<tf.Rank.R2>([width, width])];
    const read = async (result: tf.Tensor) => {
      await result.data();
      result.dispose();
    };
    const times = await interleave(
      [
        async () => {
          await np.matmul(a.ref, b.ref).data();
        },
        async () => read(f32()[0]),
        async () => read(int8()[0]),
        async () => read(await withLibraryProducts(() => tf.matMul(x, w))),
      ],
      options,
    );
    const [jaxMs, ownMs, int8Ms, stockMs] = times.map(middle);
    return { timesJax: medianRatio(times[0], times[1]), timesStock: medianRatio(times[3], times[1]), jaxMs, ownMs, int8Ms, stockMs };
  } finally {
    tf.engine().endScope();
    a.dispose();
    b.dispose();
  }
}
