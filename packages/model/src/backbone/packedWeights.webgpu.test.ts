import * as tf from "@tensorflow/tfjs";
import type { WebGPUMemoryInfo } from "@tensorflow/tfjs-backend-webgpu/dist/backend_webgpu.js";
import { beforeEach, expect, test } from "vitest";
import { startBackend } from "../backends.ts";
import { provideNodeGpu } from "../gpu/nodeGpu.ts";
import type { KernelVariant } from "../kernels/webgpu/gpuKernel.ts";
import { withVariant } from "../kernels/webgpu/traits.ts";
import { goldenBackbone } from "../testing/golden.ts";
import { randomEncoder } from "../testing/randomBackbone.ts";
import { vectorGradient } from "../training/gradient.ts";
import { tunedLayout } from "../tuning/layout.ts";
import { createPrefixTuner } from "../tuning/prefix.ts";
import { relativeError } from "../verify/relativeError.ts";
import { tokenBatch } from "./batch.ts";
import { packingFor, packTensor, type TensorEncoding } from "./pack.ts";
import { type PackedBackbone, packedBackbone } from "./packed.ts";
import { createTransformer, type Transformer } from "./transformer.ts";
import type { WeightForm } from "./weights.ts";

beforeEach(async (context) => {
  if (!(await provideNodeGpu())) context.skip("skipped: no WebGPU adapter for Node");
  await startBackend("webgpu");
});

/** The tiny golden backbone of a family with its matrices in another encoding. */
function encoded(family: string, encoding: TensorEncoding): PackedBackbone {
  const { names, packed, tensor, ...identity } = goldenBackbone(family);
  const tensors = names.map((name) => {
    const { shape, data } = tensor(name);
    return [name, shape.length === 2 ? packTensor(shape, data, packingFor(encoding)) : packed(name)] as const;
  });
  return packedBackbone({ ...identity, tensors: new Map(tensors) });
}

/** Loss over the vocabulary and its gradient for two short texts of unlike length. */
async function lossAndGradient(transformer: Transformer) {
  const { config } = transformer;
  const layout = tunedLayout(config, { method: "prefix", promptTokens: 3, head: "labelWords" }, 2);
  const objective = { head: "labelWords", lossOver: "vocabulary", words: [5, 7] } as const;
  const tokens = tokenBatch(
    [
      [8, 9, 4, 17, 30],
      [22, 6, 11],
    ],
    config.padTokenId,
  );
  const prompt = tf.tensor1d(Float32Array.from({ length: layout.numValues }, (_, i) => Math.sin(i) / 2));
  const tuned = { transformer, tuner: createPrefixTuner(transformer), layout, objective, positionsAfterPrefix: false };
  const tensors = vectorGradient(tuned, prompt, { tokens, labels: [1, 0], maskPositions: [2, 1] });
  const numbers = { loss: await tensors.loss.data<"float32">(), gradient: await tensors.gradient.data<"float32">() };
  tf.dispose([prompt, tensors.loss, tensors.gradient]);
  return numbers;
}

async function computed(backbone: PackedBackbone, weights: WeightForm) {
  const transformer = createTransformer(backbone, { weights });
  const numbers = await lossAndGradient(transformer);
  const again = await lossAndGradient(transformer);
  expect(again).toEqual(numbers);
  transformer.dispose();
  return numbers;
}

const cases = [
  ["roberta", "int8"], // tied output, biases
  ["llama", "nf4"], // an output of its own, no biases, keys and values of half the width
] as const;

test.each(cases)(
  "a %s in %s gives the same loss and gradient packed, in both variants, and unpacked, and leaves no tensor",
  { timeout: 240_000 },
  async (family, encoding) => {
    const before = tf.memory().numTensors;
    const backbone = encoded(family, encoding);
    const variants: readonly KernelVariant[] = ["registers", "shared"];
    const packed = [];
    for (const variant of variants) packed.push(await withVariant(variant, () => computed(backbone, "packed")));
    const unpacked = await computed(backbone, "unpacked");
    expect(tf.memory().numTensors).toBe(before);
    for (const { loss, gradient } of packed) {
      expect(relativeError(loss, unpacked.loss)).toBeLessThan(1e-5); // f32 sums in another order
      expect(relativeError(gradient, unpacked.gradient)).toBeLessThan(1e-5);
      expect(gradient).not.toEqual(unpacked.gradient); // or both took the same way
    }
  },
);

/** Bytes in use, and with what the pool keeps for reuse. */
function gpuBytes(): { used: number; allocated: number } {
  const { numBytesInGPU, numBytesAllocatedInGPU } = tf.memory() as tf.MemoryInfo & WebGPUMemoryInfo;
  return { used: numBytesInGPU, allocated: numBytesAllocatedInGPU };
}

/** Loads the backbone, computes vocabulary logits at one position, and leaves it loaded. */
async function loadAndPass(backbone: PackedBackbone, weights: WeightForm): Promise<Transformer> {
  const transformer = createTransformer(backbone, { weights });
  const logits = tf.tidy(() => {
    const tokens = tokenBatch([[8, 9, 4, 17]], backbone.config.padTokenId);
    const { last } = transformer.forward(tokens, { prefixes: null, firstPosition: 0, hasGradient: false });
    return transformer.head.forward(tf.slice2d(last, [1, 0], [1, -1]), null, false).logits;
  });
  await logits.data();
  logits.dispose();
  return transformer;
}

/** At rest after one pass: bytes in use, the pool, and what a second copy of the weights adds, for which the pool has all activations. */
async function bytesAtRest(backbone: PackedBackbone, weights: WeightForm) {
  await startBackend("webgpu"); // a new device, with an empty pool
  const transformers = [await loadAndPass(backbone, weights)];
  const { used, allocated } = gpuBytes();
  transformers.push(await loadAndPass(backbone, weights));
  const added = gpuBytes().allocated - allocated;
  for (const transformer of transformers) transformer.dispose();
  return { used, pool: allocated - used, added };
}

/** Unpacked all encodings are alike. */
let unpackedAtRest: ReturnType<typeof bytesAtRest> | undefined;

test.each(["int8", "int4", "nf4", "f16"] as const)(
  "on the GPU the weights in %s take at most 1.1 times their packed bytes",
  async (encoding) => {
    const backbone = randomEncoder({ hiddenSize: 128, intermediateSize: 320, numLayers: 2, numHeads: 4, vocabSize: 500 }, encoding);
    const onGpu = backbone.names.filter((name) => name !== "embeddings.position" && name !== "embeddings.type"); // the table is the output
    const packedBytes = onGpu.reduce((sum, name) => sum + backbone.packed(name).bytes.length, 0);
    const packed = await bytesAtRest(backbone, "packed");
    expect(packed.used / packedBytes).toBeGreaterThan(1); // vectors are f16 in the shard and f32 on the GPU
    expect(packed.used / packedBytes).toBeLessThan(1.1);
    expect(packed.added / packedBytes).toBeGreaterThan(0.99);
    expect(packed.added / packedBytes).toBeLessThan(1.1);
    unpackedAtRest ??= bytesAtRest(backbone, "unpacked");
    const unpacked = await unpackedAtRest;
    expect(unpacked.used / packedBytes).toBeGreaterThan(1.9);
    expect(packed.pool).toBeLessThanOrEqual(unpacked.pool); // nothing was unpacked on the GPU for a while
  },
);
