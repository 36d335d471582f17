import * as tf from "@tensorflow/tfjs-core";
import { createRandom, packTensor, type TensorEncoding, unpackTensor } from "@tutti/core";
import { tokenBatch } from "./backbone/batch.ts";
import type { BackboneConfig } from "./backbone/config.ts";
import { packingOf } from "./backbone/convert.ts";
import { type PackedBackbone, packedBackbone } from "./backbone/packed.ts";
import { createTransformer } from "./backbone/transformer.ts";
import { createTokenizer } from "./tokenizer.ts";
import { relativeError } from "./verify/relativeError.ts";

const sampleTexts = [
  "The parcel came two days late, and nobody answered when I called.",
  "She opened the window to let the cold morning air into the kitchen.",
  "Prices went up again last year, but the service is as good as ever.",
];
const maxSampleTokens = 24;
const maxSampleWords = 1024;

/** Texts as tokens, or random tokens where there is no tokenizer; `position` is where logits are read, the mask's or the last. */
export interface Sample {
  readonly ids: readonly number[];
  readonly position: number;
}

/** A few sentences as this backbone reads them. */
export function sampleOf({ config, tokenizerJson, tokenizerConfig }: PackedBackbone): Sample[] {
  if (tokenizerJson === null) return randomSample(config);
  const tokenizer = createTokenizer(tokenizerJson, tokenizerConfig);
  const { before, after } = tokenizer.specials;
  return sampleTexts.map((text) => {
    const room = Math.min(maxSampleTokens, config.maxPositions) - before.length - after.length;
    const found = tokenizer.encode(text).slice(0, Math.max(0, room));
    const inner = found.length === 0 && before.length === 0 ? [tokenizer.fillerId] : found;
    if (config.isCausal) return { ids: [...before, ...inner], position: before.length + inner.length - 1 };
    const hidden = Math.floor(inner.length / 2);
    const masked = inner.map((id, i) => (i === hidden ? (tokenizer.mask?.id ?? id) : id));
    return { ids: [...before, ...masked, ...after], position: before.length + hidden };
  });
}

function randomSample({ vocabSize, maxPositions, isCausal }: BackboneConfig): Sample[] {
  const random = createRandom(1).stream({ purpose: "sample" });
  const length = Math.min(12, maxPositions);
  return sampleTexts.map(() => ({
    ids: Array.from({ length }, () => random.integer(vocabSize)),
    position: isCausal ? length - 1 : Math.floor(length / 2),
  }));
}

/** Logits of the sample at evenly spread words, each text's centred: what an encoding may move and a softmax does not see is taken away. */
export async function centredLogits(backbone: PackedBackbone, sample: readonly Sample[]): Promise<Float32Array> {
  const { config } = backbone;
  const numWords = Math.min(maxSampleWords, config.vocabSize);
  const words = Array.from({ length: numWords }, (_, i) => Math.floor((i * config.vocabSize) / numWords));
  const transformer = createTransformer(backbone, { isStreamed: true });
  try {
    const logits = tf.tidy(() => {
      const batch = tokenBatch(
        sample.map(({ ids }) => ids),
        config.padTokenId,
      );
      const { last } = transformer.forward(batch, { prefixes: null, firstPosition: 0, hasGradient: false });
      const rows = sample.map(({ position }, i) => tf.slice2d(last, [batch.starts[i] + position, 0], [1, config.hiddenSize]));
      const found = transformer.head.forward(tf.concat2d(rows, 0), words, false).logits;
      return tf.sub(found, tf.mean(found, 1, true));
    });
    const values = await logits.data<"float32">();
    logits.dispose();
    return values;
  } finally {
    transformer.dispose();
  }
}

/** ‖converted − original‖₂ / ‖original‖₂ of the centred logits on the sample. */
export async function logitsError(original: PackedBackbone, converted: PackedBackbone, sample = sampleOf(original)): Promise<number> {
  return relativeError(await centredLogits(converted, sample), await centredLogits(original, sample));
}

/** The backbone as a conversion with this encoding would store it, in memory. */
export function reencoded(backbone: PackedBackbone, encoding: TensorEncoding): PackedBackbone {
  const { name, config, manifest, tokenizerJson, tokenizerConfig } = backbone;
  const tensors = new Map(
    backbone.names.map((tensorName) => {
      const { shape, data } = backbone.tensor(tensorName);
      return [tensorName, packTensor(shape, data, packingOf({ name: tensorName, shape }, { encoding }))];
    }),
  );
  return packedBackbone({ name, config, manifest, tokenizerJson, tokenizerConfig, tensors });
}

/** Bytes and errors of one encoding. */
export interface EncodingErrors {
  readonly encoding: TensorEncoding;
  readonly numBytes: number;
  /** ‖unpacked − original‖₂ / ‖original‖₂ over all tensors. */
  readonly weights: number;
  /** The largest of one tensor. */
  readonly worstTensor: number;
  readonly logits: number;
}

/** What an encoding costs this backbone. */
export async function measureEncoding(original: PackedBackbone, encoding: TensorEncoding): Promise<EncodingErrors> {
  const converted = reencoded(original, encoding);
  let [errorSquares, squares, worstTensor, numBytes] = [0, 0, 0, 0];
  for (const name of original.names) {
    const packed = converted.packed(name);
    const [found, expected] = [unpackTensor(packed), original.tensor(name).data];
    const size = expected.reduce((sum, value) => sum + value ** 2, 0);
    const error = expected.reduce((sum, value, i) => sum + (found[i] - value) ** 2, 0);
    errorSquares += error;
    squares += size;
    numBytes += packed.bytes.length;
    if (size > 0) worstTensor = Math.max(worstTensor, Math.sqrt(error / size));
  }
  const weights = Math.sqrt(errorSquares / squares);
  return { encoding, numBytes, weights, worstTensor, logits: await logitsError(original, converted) };
}
