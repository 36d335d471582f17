import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createRandom, type Tensor } from "@tutti/core";
import { computeAdmission, parseManifest, readHubConfig, tensorNames, writeSafetensors } from "@tutti/model";
import { addAdmission, convertBackbone } from "@tutti/model/node";

/** What a random backbone is like. */
export interface RandomBackbone {
  readonly numLayers: number;
  /** Where it is written. */
  readonly folder: string;
  /** Of the hidden states, in heads of 64; the other backbone's sizes by default. */
  readonly width?: number;
}

/**
 * Makes a backbone of random layers as wide as another and with its tokenizer: for measuring time and bytes over depth, where what it
 * answers does not matter.
 */
export async function makeRandomBackbone(likeFolder: string, { numLayers, folder, width }: RandomBackbone): Promise<void> {
  const { config: like } = parseManifest(await readFile(join(likeFolder, "manifest.json")));
  const config = width === undefined ? like : { ...like, hiddenSize: width, numHeads: width / 64, intermediateSize: 4 * width };
  const hubConfig = JSON.stringify({
    model_type: "roberta",
    vocab_size: config.vocabSize,
    hidden_size: config.hiddenSize,
    num_hidden_layers: numLayers,
    num_attention_heads: config.numHeads,
    intermediate_size: config.intermediateSize,
    max_position_embeddings: config.maxPositions + 2,
    layer_norm_eps: 1e-5,
    hidden_act: "gelu",
    pad_token_id: config.padTokenId,
    type_vocab_size: 1,
  });
  const stream = createRandom(numLayers).stream({ purpose: "random backbone" });
  const tensors: Record<string, Tensor> = {};
  for (const { sources, sourceShape } of tensorNames(readHubConfig(hubConfig))) {
    const [source] = sources;
    if (source === undefined || tensors[source] !== undefined) continue;
    const numValues = sourceShape.reduce((product, size) => product * size, 1);
    const isScale = /norm.*weight$/i.test(source);
    const data = Float32Array.from({ length: numValues }, () => (isScale ? 1 : 0.02 * stream.normal()));
    tensors[source] = { shape: sourceShape, data };
  }
  const checkpoint = `${folder}.checkpoint`;
  await mkdir(checkpoint, { recursive: true });
  try {
    await writeFile(join(checkpoint, "config.json"), hubConfig);
    await writeFile(join(checkpoint, "model.safetensors"), writeSafetensors(tensors));
    for (const name of ["tokenizer.json", "tokenizer_config.json"]) {
      const text = await readFile(join(likeFolder, name)).catch(() => null);
      if (text !== null) await writeFile(join(checkpoint, name), text);
    }
    await convertBackbone(checkpoint, folder, { name: `random-${numLayers}`, encoding: "int8", source: "random", licence: "Apache-2.0" });
    await addAdmission(folder, computeAdmission);
  } finally {
    await rm(checkpoint, { recursive: true, force: true });
  }
}
