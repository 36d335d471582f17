import { readPromptsFile as readChecked, type TunedPrompts } from "@tutti/model";
import { runSettingsSchema } from "@tutti/protocol";

export { type TunedPrompts, writePromptsFile } from "@tutti/model";

/** Reads a file of tuned prompts; throws a sentence when it is something else. */
export function readPromptsFile(file: Uint8Array): TunedPrompts {
  return readChecked(file, (found) => {
    const settings = runSettingsSchema.safeParse(found);
    if (!settings.success) throw new Error(`the prompts' settings are not understood: ${settings.error.message}`);
    return settings.data;
  });
}
