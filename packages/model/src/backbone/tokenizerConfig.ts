import { type CheckpointFiles, readText } from "./checkpointFiles.ts";

const configFile = "tokenizer_config.json";

/** The text of a checkpoint's tokenizer_config.json, with the chat template that newer checkpoints keep in a file beside it. */
export async function readTokenizerConfig(files: CheckpointFiles): Promise<string | null> {
  const config = await readText(files, configFile);
  const template = await readText(files, "chat_template.jinja");
  if (template === null) return config;
  const said: unknown = JSON.parse(config ?? "{}");
  const isWithout = typeof said === "object" && said !== null && !("chat_template" in said);
  return isWithout ? `${JSON.stringify({ ...said, chat_template: template }, null, 2)}\n` : config;
}
