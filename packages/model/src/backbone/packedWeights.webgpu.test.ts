import * as tf from "@tensorflow/tfjs";
import type { WebGPUMemoryInfo } from "@tensorflow/tfjs-backend-webgpu/dist/backend_webgpu.js";
import { packingFor, packTensor, type TensorEncoding } from "@tutti/core";
import { describe, expect, test } from "vitest";
import { startBackend } from "../backends.ts";
import type { KernelVariant } from "../kernels/webgpu/gpuKernel.ts";
import { withVariant } from "../kernels/webgpu/traits.ts";
import { goldenBackbone } from "../testing/golden.ts";
import { randomEncoder } from "../testing/randomBackbone.ts";
import { shareGpu } from "../testing/sharedGpu.ts";
import { vectorGradient } from "../training/gradient.ts";
import { tunedLayout } from "../tuning/layout.ts";
import { createPrefixTuner } from "../tuning/prefix.ts";
import { relativeError } from "../verify/relativeError.ts";
import { tokenBatch } from "./batch.ts";
import { type PackedBackbone, packedBackbone } from "./packed.ts";
import { backwardRows, forwardRows } from "./rows.ts";
import { createTransformer, type Transformer } from "./transformer.ts";
import type { WeightForm } from "./weights.ts";

shareGpu();

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

/** Texts of several tokens: alone or three of them in 32 or 64 rows. */
const texts = [5, 3, 19, 11].map((length, text) => Array.from({ length }, (_, t) => 8 + ((7 * text + 3 * t) % 24)));

/** Of each text in a batch, in turn: its rows of all hidden states, of the logits, and of the gradient at the embeddings. */
async function numbersByText(transformer: Transformer, batch: readonly number[]): Promise<Float32Array[][]> {
  const tokens = tokenBatch(
    batch.map((text) => texts[text]),
    transformer.config.padTokenId,
  );
  const tensors = tf.tidy(() => {
    const pass = forwardRows(transformer, transformer.embed(tokens, 0), tokens, { firstPosition: 0, hasGradient: true });
    const { logits } = transformer.head.forward(pass.last, null, false);
    return [...pass.states, logits, backwardRows(transformer, pass.last, pass)];
  });
  const matrices = await Promise.all(tensors.map((tensor) => tensor.data<"float32">()));
  tf.dispose(tensors);
  return tokens.starts.map((start, i) =>
    matrices.map((matrix) => {
      const width = matrix.length / tokens.numRows;
      return matrix.slice(start * width, (start + tokens.lengths[i]) * width);
    }),
  );
}

describe.each(["registers", "shared"] as const)("with %s", (variant) => {
  test.each(cases)(
    "a text of a %s in %s has the same bits of states, logits and gradients alone and first, between and last in other batches",
    { timeout: 120_000 },
    (family, encoding) =>
      withVariant(variant, async () => {
        const transformer = createTransformer(encoded(family, encoding));
        const alone = [...(await numbersByText(transformer, [0])), ...(await numbersByText(transformer, [2]))];
        const [first, , last] = await numbersByText(transformer, [0, 3, 2]);
        expect([first, last]).toEqual(alone);
        const inLarger = await numbersByText(transformer, [1, 2, 3, 0]);
        expect([inLarger[3], inLarger[1]]).toEqual(alone);
        transformer.dispose();
      }),
  );
});

test("a batch of texts end to end takes as much less memory as it has fewer rows than one that is padded", async () => {
  const transformer = createTransformer(encoded("roberta", "int8"));
  const held = async (lengths: readonly number[]) => {
    const batch = lengths.map((length) => Array.from({ length }, (_, t) => 8 + t));
    const tokens = tokenBatch(batch, transformer.config.padTokenId);
    const before = gpuBytes().used;
    const { bytes, last } = tf.tidy(() => {
      const pass = transformer.forward(tokens, { prefixes: null, firstPosition: 0, hasGradient: true });
      return { bytes: gpuBytes().used - before, last: pass.last };
    });
    await last.data(); // what was released is in the pool then
    last.dispose();
    return { numRows: tokens.numRows, bytes };
  };
  await held([32]); // uploads the weights
  const [padded, ragged] = [await held([32, 32, 32, 32]), await held([32, 14, 10, 8])];
  expect([padded.numRows, ragged.numRows]).toEqual([128, 64]);
  expect(ragged.bytes / padded.bytes).toBeLessThan(0.51); // sizes that programs are told are the same
  transformer.dispose();
});

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
