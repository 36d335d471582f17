import { packedSizes, packingFor, tensorEncodings } from "@tutti/core";
import { z } from "zod";
import { maxLayers } from "./config.ts";
import { tensorNames } from "./tensorNames.ts";

const count = z.number().int().min(0);
const positive = z.number().int().min(1);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/, "64 lower-case hex digits");
const numbers = z.array(z.number()).readonly();

const configSchema = z.strictObject({
  family: z.enum(["roberta", "bert", "gpt2", "llama"]),
  vocabSize: positive,
  hiddenSize: positive,
  numLayers: positive.max(maxLayers),
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
  encoding: z.enum(tensorEncodings),
  groupSize: count,
  parts: z.array(partSchema).min(1).readonly(),
});

/** What the backbone must compute for a golden input before a tab may contribute. */
const admissionSchema = z.strictObject({
  /** Golden input with its special tokens. */
  ids: z.array(count).min(1).readonly(),
  /** Index of the mask; for causal families the last position. */
  maskPosition: count,
  /** Token, one of `logitIds`, whose cross-entropy over those is `loss`. */
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

/** The golden input of the admission test and its numbers, as a manifest stores them. */
export type AdmissionNumbers = z.infer<typeof admissionSchema>;

/** The schema of manifest.json. */
export const manifestSchema = z.strictObject({
  format: z.literal("tutti-backbone"),
  formatVersion: z.literal(1),
  name: z.string().regex(/^[a-z0-9][a-z0-9._-]*$/, "lower-case letters, digits, dots and dashes"),
  config: configSchema,
  /** Encoding of the matrices; norms, biases and positions may be wider. */
  encoding: z.enum(tensorEncodings),
  numParameters: positive,
  /** Bytes of all shards. */
  numBytes: positive,
  /** Where the checkpoint came from, such as a hub id. */
  source: z.string(),
  licence: z.string(),
  card: z.string().nullable(),
  /** Null for weights alone: `tutti backbone add --no-tokenizer`. */
  tokenizer: fileSchema.nullable(),
  tokenizerConfig: fileSchema.nullable(),
  /** What the encoding cost, ‖unpacked − original‖₂ / ‖original‖₂: over all tensors, and the worst one. */
  errors: z
    .strictObject({
      weights: z.number(),
      worstTensor: z.strictObject({ name: z.string(), relativeError: z.number() }),
      /** Of centred logits on a sample of tokens. */
      logits: z.number().optional(),
    })
    .optional(),
  /** Shard i is the file `<sha256>.bin`. */
  shards: z
    .array(z.strictObject({ sha256, numBytes: positive }))
    .min(1)
    .readonly(),
  tensors: z.array(tensorSchema).min(1).readonly(),
  admission: admissionSchema.optional(),
});

/** A converted backbone: its configuration, where its tensors lie in which files, and where it came from. */
export type BackboneManifest = z.infer<typeof manifestSchema>;
/** One tensor's entry in a manifest. */
export type ManifestTensor = BackboneManifest["tensors"][number];

/** Parses the bytes of manifest.json; throws a sentence about what is wrong with it. */
export function parseManifest(bytes: Uint8Array): BackboneManifest {
  const head = z.looseObject({ format: z.literal("tutti-backbone"), formatVersion: z.number() }).safeParse(parseJson(bytes));
  if (!head.success) throw new Error("manifest.json is not the manifest of a Tutti backbone", { cause: head.error });
  if (head.data.formatVersion !== 1) {
    throw new Error(
      `manifest.json has format version ${head.data.formatVersion}, this page reads version 1: reload the page, or convert again`,
    );
  }
  const result = manifestSchema.safeParse(head.data);
  if (!result.success) throw new Error(`manifest.json: ${z.prettifyError(result.error)}`, { cause: result.error });
  checkTensors(result.data);
  return result.data;
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw new Error("manifest.json is not JSON (is this the address of a backbone?)", { cause });
  }
}

/** Every tensor of the family is there, has its shape, and its parts lie inside the shards. */
function checkTensors(manifest: BackboneManifest): void {
  const found = new Map(manifest.tensors.map((tensor) => [tensor.name, tensor]));
  for (const { name, shape } of tensorNames(manifest.config)) {
    const tensor = found.get(name);
    if (tensor === undefined) throw new Error(`manifest.json has no tensor ${name}`);
    if (tensor.shape.join() !== shape.join()) {
      throw new Error(`manifest.json: tensor ${name} has shape [${tensor.shape}], the configuration needs [${shape}]`);
    }
    checkParts(tensor, manifest);
  }
}

function checkParts(tensor: ManifestTensor, { shards }: BackboneManifest): void {
  const { name, shape, parts, encoding, groupSize } = tensor;
  if (packingFor(encoding).groupSize !== 0 && groupSize === 0) {
    throw new Error(`manifest.json: tensor ${name} is ${encoding} without a group size`);
  }
  const { numBytes } = packedSizes(shape, tensor);
  const inParts = parts.reduce((sum, { length }) => sum + length, 0);
  if (inParts !== numBytes) throw new Error(`manifest.json: tensor ${name} needs ${numBytes} bytes, its parts have ${inParts}`);
  for (const { shard, offset, length } of parts) {
    if (offset + length > (shards[shard]?.numBytes ?? 0)) throw new Error(`manifest.json: tensor ${name} lies outside shard ${shard}`);
  }
}
