import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createRandom, type Params } from "@tutti/core";
import { readSafetensors, writeSafetensors } from "@tutti/model";

const golden = fileURLToPath(new URL("../../packages/model/golden/roberta", import.meta.url));
const vocabSize = 8192;
const hiddenSize = 32;

/**
 * Writes a random encoder of 3 layers × 32 that understands minuet's tokens, in Hugging Face layout:
 * the layers of the golden checkpoint under a vocabulary of 8,192 words.
 */
export async function writeTinyCheckpoint(folder: string, tokenizerJson: string, tokenizerConfig: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const { params } = readSafetensors(await readFile(join(golden, "model.safetensors")));
  const stream = createRandom(7).stream({ purpose: "vocabulary" });
  const words = {
    shape: [vocabSize, hiddenSize],
    data: Float32Array.from({ length: vocabSize * hiddenSize }, () => stream.normal() * 0.5),
  };
  const tiny: Params = {
    ...params,
    "roberta.embeddings.word_embeddings.weight": words,
    "lm_head.bias": { shape: [vocabSize], data: new Float32Array(vocabSize) },
  };
  const config: unknown = JSON.parse(await readFile(join(golden, "config.json"), "utf8"));
  await Promise.all([
    writeFile(join(folder, "model.safetensors"), writeSafetensors(tiny)),
    writeFile(join(folder, "config.json"), JSON.stringify({ ...(config as object), vocab_size: vocabSize })),
    writeFile(join(folder, "tokenizer.json"), tokenizerJson),
    writeFile(join(folder, "tokenizer_config.json"), tokenizerConfig),
  ]);
}
