import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type BackboneSizes, createRandom, type Params } from "@tutti/core";
import { computeAdmission, readSafetensors, startBackend, writeSafetensors } from "@tutti/model";
import { addAdmission, convertBackbone } from "@tutti/model/node";

const project = fileURLToPath(new URL("../../../..", import.meta.url));
const golden = join(project, "packages/model/golden/roberta");
const vocabSize = 8192;
const hiddenSize = 32;
const numRows = { train: 48, validation: 8, test: 24 };

/** What `writeTinyPublic` makes: the encoder's sizes. */
export const tinySizes: BackboneSizes = { numLayers: 3, hiddenSize, keyValueWidth: hiddenSize };

/** Fills a public folder with the backbone `tiny`, a random encoder that reads minuet's tokens, and some short rows of `feedback`. */
export async function writeTinyPublic(folder: string): Promise<void> {
  await Promise.all([writeRows(folder), writeBackbone(folder)]);
}

async function writeRows(folder: string): Promise<void> {
  const to = join(folder, "datasets/feedback");
  await mkdir(to, { recursive: true });
  for (const [split, count] of Object.entries(numRows)) {
    const lines = (await readFile(join(project, "public/datasets/feedback", `${split}.jsonl`), "utf8")).trim().split("\n");
    const lengthOf = (line: string): number => JSON.parse(line).text.length;
    const short = lines.sort((a, b) => lengthOf(a) - lengthOf(b) || (a < b ? -1 : 1)).slice(0, count);
    await writeFile(join(to, `${split}.jsonl`), `${short.join("\n")}\n`);
  }
}

async function writeBackbone(folder: string): Promise<void> {
  const checkpoint = join(folder, "checkpoint");
  await mkdir(checkpoint, { recursive: true });
  const { params } = readSafetensors(await readFile(join(golden, "model.safetensors")));
  const stream = createRandom(11).stream({ purpose: "vocabulary" });
  const words = {
    shape: [vocabSize, hiddenSize],
    data: Float32Array.from({ length: vocabSize * hiddenSize }, () => stream.normal() * 0.5),
  };
  const bias = { shape: [vocabSize], data: new Float32Array(vocabSize) };
  const tiny: Params = { ...params, "roberta.embeddings.word_embeddings.weight": words, "lm_head.bias": bias };
  const config = JSON.parse(await readFile(join(golden, "config.json"), "utf8"));
  await writeFile(join(checkpoint, "model.safetensors"), writeSafetensors(tiny));
  await writeFile(join(checkpoint, "config.json"), JSON.stringify({ ...config, vocab_size: vocabSize }));
  for (const name of ["tokenizer.json", "tokenizer_config.json"])
    await writeFile(join(checkpoint, name), await readFile(join(project, "public/backbones/minuet", name)));
  const backbone = join(folder, "backbones/tiny");
  await convertBackbone(checkpoint, backbone, { name: "tiny", encoding: "f32", source: "random", licence: "Apache-2.0" });
  await rm(checkpoint, { recursive: true });
  await startBackend("cpu");
  await addAdmission(backbone, computeAdmission);
}
