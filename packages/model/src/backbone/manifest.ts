import { z } from "zod";

const count = z.number().int().min(0);
const positive = z.number().int().min(1);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/, "64 lower-case hex digits");
const numbers = z.array(z.number()).readonly();

const configSchema = z.strictObject({
  family: z.enum(["roberta", "bert", "gpt2", "llama"]),
  vocabSize: positive,
  hiddenSize: positive,
  numLayers: positive,
  numHeads: positive,
  numKeyValueHeads: positive,
  headSize: positive,
  intermediateSize: positive,
  maxPositions: positive,
  positionOffset: count,
  numTypes: count,
  layerNormEpsilon: z.number().positive(),
  padTokenId: count,
  activation: z.enum(["gelu", "geluTanh", "silu"]),
  isCausal: z.boolean(),
  hasTiedEmbeddings: z.boolean(),
  rotary: z
    .strictObject({
      theta: z.number().positive(),
      scaling: z
        .strictObject({
          factor: z.number().positive(),
          lowFrequencyFactor: z.number().positive(),
          highFrequencyFactor: z.number().positive(),
          originalMaxPositions: positive,
        })
        .nullable(),
    })
    .nullable(),
});

const fileSchema = z.strictObject({ file: z.string().regex(/^[\w.-]+$/), sha256, numBytes: count });

/** A run of a tensor's packed bytes: [offset, offset + length) of a shard. */
const partSchema = z.strictObject({ shard: count, offset: count, length: positive });

const tensorSchema = z.strictObject({
  name: z.string().min(1),
  shape: z.array(positive).min(1).readonly(),
  encoding: z.enum(["f32", "f16", "int8"]),
  groupSize: count,
  parts: z.array(partSchema).min(1).readonly(),
});

/** What the backbone must compute for a golden input before a tab may contribute. */
export const admissionSchema = z.strictObject({
  /** Golden input with its special tokens. */
  ids: z.array(count).min(1).readonly(),
  /** Index of the mask; for causal families the last position. */
  maskPosition: count,
  /** Token whose cross-entropy over the vocabulary is `loss`. */
  target: count,
  promptTokens: positive,
  /** Seed of the initial prompt, drawn as a run draws it. */
  promptSeed: count,
  /** Vocabulary rows of `logits`. */
  logitIds: z.array(count).readonly(),
  logits: numbers,
  loss: z.number(),
  /** Flat indices into the prompt gradients, layer after layer, of `gradient`. */
  gradientIndices: z.array(count).readonly(),
  gradient: numbers,
  gradientNorm: z.number(),
});

export type AdmissionNumbers = z.infer<typeof admissionSchema>;

/** The schema of manifest.json. */
export const manifestSchema = z.strictObject({
  format: z.literal("tutti-backbone"),
  formatVersion: z.literal(1),
  name: z.string().regex(/^[a-z0-9][a-z0-9._-]*$/, "lower-case letters, digits, dots and dashes"),
  config: configSchema,
  /** Encoding of the matrices; norms, biases and positions may be wider. */
  encoding: z.enum(["f32", "f16", "int8"]),
  numParameters: positive,
  /** Bytes of all shards. */
  numBytes: positive,
  /** Where the checkpoint came from, such as a hub id. */
  source: z.string(),
  licence: z.string(),
  card: z.string().nullable(),
  tokenizer: fileSchema,
  tokenizerConfig: fileSchema.nullable(),
  /** Shard i is the file `<sha256>.bin`. */
  shards: z
    .array(z.strictObject({ sha256, numBytes: positive }))
    .min(1)
    .readonly(),
  tensors: z.array(tensorSchema).min(1).readonly(),
  admission: admissionSchema.optional(),
});

export type BackboneManifest = z.infer<typeof manifestSchema>;
export type ManifestTensor = BackboneManifest["tensors"][number];
