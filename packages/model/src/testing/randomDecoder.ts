import { createRandom, packingFor, packTensor } from "@tutti/core";
import { readHubConfig } from "../backbone/hubConfig.ts";
import { type PackedBackbone, packedBackbone } from "../backbone/packed.ts";
import { tensorNames } from "../backbone/tensorNames.ts";

/** A gpt2 of one narrow layer with random weights in f32 and a vocabulary of this size. */
export function randomDecoder(vocabSize: number, hiddenSize = 8): PackedBackbone {
  const config = readHubConfig(
    JSON.stringify({ model_type: "gpt2", vocab_size: vocabSize, n_positions: 32, n_embd: hiddenSize, n_layer: 1, n_head: 2 }),
  );
  const random = createRandom(7).stream({ purpose: "random decoder" });
  const tensors = new Map(
    tensorNames(config).map(({ name, shape }) => {
      const values = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => 0.5 * random.normal());
      return [name, packTensor(shape, values, packingFor("f32"))];
    }),
  );
  return packedBackbone({ name: "random", config, manifest: null, tensors, tokenizerJson: null, tokenizerConfig: null });
}
