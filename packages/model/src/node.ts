import { access, readFile } from "node:fs/promises";
import { join } from "node:path";
import { backboneFromSafetensors } from "./backbone/checkpoint.ts";
import type { PackedBackbone } from "./backbone/packed.ts";

/** Reads a Hugging Face folder with one model.safetensors as a backbone in f32, without converting it. Node only. */
export async function readCheckpoint(folder: string): Promise<PackedBackbone> {
  const text = async (file: string) => {
    const path = join(folder, file);
    return (await exists(path)) ? { text: await readFile(path, "utf8") } : {};
  };
  const [config, weights, tokenizer, tokenizerConfig] = await Promise.all([
    readFile(join(folder, "config.json"), "utf8"),
    readFile(join(folder, "model.safetensors")),
    text("tokenizer.json"),
    text("tokenizer_config.json"),
  ]);
  return backboneFromSafetensors(
    {
      configJson: config,
      ...("text" in tokenizer ? { tokenizerJson: tokenizer.text } : {}),
      ...("text" in tokenizerConfig ? { tokenizerConfig: tokenizerConfig.text } : {}),
    },
    weights,
  );
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
