import { mkdir } from "node:fs/promises";
import { weightFiles } from "./backbone/checkpointFiles.ts";
import { type HubRequest, withHubRepository } from "./hubRepository.ts";

/** What was fetched. */
export interface HubModel {
  /** The commit that all files are of. */
  readonly commit: string;
  /** Where they lie. */
  readonly folder: string;
  readonly licence: string | null;
}

const texts = ["config.json", "tokenizer.json", "tokenizer_config.json", "chat_template.jinja", "README.md"];

/** Downloads a model's configuration, tokenizer, card and safetensors files; broken connections are taken up where they broke. Node only. */
export async function downloadModel(request: HubRequest): Promise<HubModel> {
  return withHubRepository("model", request, async ({ commit, folder, licence, sizes, read, download }) => {
    await mkdir(folder, { recursive: true });
    const weights = await weightFiles({ size: async (file) => sizes.get(file) ?? null, read });
    const index = weights.includes("model.safetensors") ? [] : ["model.safetensors.index.json"];
    for (const name of [...texts, ...index, ...weights]) {
      if (sizes.has(name)) await download(name);
      else if (weights.includes(name)) throw new Error(`${request.id} has an index that names ${name}, which is not on the hub`);
    }
    return { commit, folder, licence };
  });
}
