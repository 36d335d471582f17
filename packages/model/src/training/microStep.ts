import * as tf from "@tensorflow/tfjs-core";
import { type PackedTensor, packedSizes, packingFor, packTensor } from "@tutti/core";
import { tokenBatch } from "../backbone/batch.ts";
import type { BackboneConfig } from "../backbone/config.ts";
import { type PackedBackbone, packedBackbone } from "../backbone/packed.ts";
import { tensorNames } from "../backbone/tensorNames.ts";
import { createTransformer } from "../backbone/transformer.ts";
import { tunedLayout } from "../tuning/layout.ts";
import { createPrefixTuner } from "../tuning/prefix.ts";
import { adamWStep, startAdamW, trainedValues } from "./adamWTensors.ts";
import { vectorGradient } from "./gradient.ts";
import type { LabelledBatch } from "./objective.ts";

/** Training steps on a small backbone that is made up, to see how fast the current backend is. */
export interface MicroStep {
  /** Takes a few steps and reads the last loss back, as training does; milliseconds of one step. */
  round(): Promise<number>;
  dispose(): void;
}

/** Two layers as wide as the built-in backbone's: a layer below which nothing is trained has less to do on the way back. */
const config: BackboneConfig = {
  family: "roberta",
  vocabSize: 64,
  hiddenSize: 128,
  numLayers: 2,
  numHeads: 4,
  numKeyValueHeads: 4,
  headSize: 32,
  intermediateSize: 512,
  maxPositions: 32,
  positionOffset: 2,
  numTypes: 1,
  layerNormEpsilon: 1e-5,
  padTokenId: 1,
  activation: "gelu",
  isCausal: false,
  hasTiedEmbeddings: true,
  rotary: null,
};
const tuning = { method: "prefix", promptTokens: 8, head: "labelWords" } as const;
const words = [5, 7, 11, 13];
const lengths = [9, 21, 12, 18, 15, 23, 14, 16]; // 128 rows
const settings = { learningRate: 0.01, weightDecay: 0.1, clipNorm: 1 };
const stepsPerRound = 3;

/** Puts the backbone on the current backend, where the steps run our own kernels. */
export function createMicroStep(): MicroStep {
  const transformer = createTransformer(madeUpBackbone());
  const layout = tunedLayout(config, tuning, words.length);
  const objective = { head: "labelWords", lossOver: "labelWords", words } as const;
  const tuned = { transformer, tuner: createPrefixTuner(transformer), layout, objective, positionsAfterPrefix: false };
  let state = startAdamW(Float32Array.from({ length: layout.numValues }, (_, i) => ((i % 17) - 8) / 100));
  return {
    async round() {
      const start = performance.now();
      const losses: tf.Scalar[] = [];
      for (let step = 0; step < stepsPerRound; step++) {
        const before = state;
        const { planes, loss } = tf.tidy(() => {
          const { loss, gradient } = vectorGradient(tuned, trainedValues(before), texts());
          return { planes: adamWStep(before, gradient, settings).planes, loss };
        });
        before.planes.dispose();
        state = { planes, step: before.step + 1 };
        losses.push(loss);
      }
      await losses[stepsPerRound - 1].data().finally(() => tf.dispose(losses));
      return (performance.now() - start) / stepsPerRound;
    },
    dispose() {
      state.planes.dispose();
      transformer.dispose();
    },
  };
}

function texts(): LabelledBatch {
  const ids = lengths.map((length, text) => Array.from({ length }, (_, i) => 2 + ((7 * text + 5 * i) % (config.vocabSize - 2))));
  return {
    tokens: tokenBatch(ids, config.padTokenId),
    labels: lengths.map((_, i) => i % words.length),
    maskPositions: lengths.map(() => 3),
  };
}

/** Weights that keep activations near 1; which they are makes no step faster or slower. */
function madeUpBackbone(): PackedBackbone {
  const tensors = new Map(tensorNames(config).map(({ name, shape }) => [name, shape.length === 2 ? matrix(shape) : vector(name, shape)]));
  return packedBackbone({ name: "made up", config, manifest: null, tensors, tokenizerJson: null, tokenizerConfig: null });
}

const scale = 0.03 / 127;

function matrix(shape: readonly number[]): PackedTensor {
  const packing = packingFor("int8");
  const { valueBytes, scaleOffset, numBytes } = packedSizes(shape, packing);
  const bytes = new Uint8Array(numBytes);
  for (let i = 0; i < valueBytes; i++) bytes[i] = (Math.imul(i + 1, 0x9e3779b1) >>> 24) & 0xff;
  new Float32Array(bytes.buffer, scaleOffset).fill(scale);
  return { shape, ...packing, bytes };
}

function vector(name: string, shape: readonly number[]): PackedTensor {
  const values = new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(name.endsWith("orm.weight") ? 1 : 0.01);
  return packTensor(shape, values, packingFor("f32"));
}
