import { createRandom, packingFor, packTensor, type TensorEncoding } from "@tutti/core";
import { readHubConfig } from "../backbone/hubConfig.ts";
import { type PackedBackbone, packedBackbone } from "../backbone/packed.ts";
import { tensorNames } from "../backbone/tensorNames.ts";

/** What a random encoder is made of. */
interface RandomEncoder {
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  readonly numLayers: number;
  readonly numHeads: number;
  readonly vocabSize: number;
}

/** A roberta of random weights in memory, packed as the converter packs: matrices in the encoding, vectors and positions in f16. */
export function randomEncoder(sizes: RandomEncoder, encoding: TensorEncoding): PackedBackbone {
  const config = readHubConfig(
    JSON.stringify({
      model_type: "roberta",
      vocab_size: sizes.vocabSize,
      hidden_size: sizes.hiddenSize,
      num_hidden_layers: sizes.numLayers,
      num_attention_heads: sizes.numHeads,
      intermediate_size: sizes.intermediateSize,
      hidden_act: "gelu",
      max_position_embeddings: 64,
      type_vocab_size: 1,
      layer_norm_eps: 1e-5,
      pad_token_id: 1,
      tie_word_embeddings: true,
    }),
  );
  const random = createRandom(5).stream({ purpose: "random encoder" });
  const tensors = new Map(
    tensorNames(config).map(({ name, shape }) => {
      const values = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.normal() * 0.1);
      const isMatrix = shape.length === 2 && (name === "embeddings.word" || name.endsWith(".weight"));
      return [name, packTensor(shape, values, packingFor(isMatrix || encoding === "f32" ? encoding : "f16"))];
    }),
  );
  return packedBackbone({ name: "random", config, manifest: null, tensors, tokenizerJson: null, tokenizerConfig: null });
}
