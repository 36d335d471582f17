import type { BackboneConfig, RotaryScaling } from "./config.ts";
import { checkFields, ropeFields } from "./configFields.ts";
import { type ConfigValues, configValues, isTable } from "./configValues.ts";

/** LLaMA's rotation: rope_scaling counts before rope_parameters, and their fields before those beside them. */
export function readRotary(config: ConfigValues): { rotary: NonNullable<BackboneConfig["rotary"]>; unlisted: string[] } {
  const named = config.table("rope_scaling") !== null ? "rope_scaling" : "rope_parameters";
  const where = `config.json: ${named}`;
  const fields = config.table(named) ?? {};
  const perLayerType = Object.keys(fields).find((name) => isTable(fields[name]));
  if (perLayerType !== undefined) throw new Error(`${where} for ${perLayerType} alone is not supported, only one rotation for all layers`);
  const unlisted = checkFields(fields, ropeFields, where).map((name) => `${named}.${name}`);
  const rope = configValues(fields, where);
  const theta = rope.has("rope_theta") ? rope.positive("rope_theta", 0) : config.positive("rope_theta", 10_000);
  const type = rope.has("rope_type") ? rope.text("rope_type", "") : rope.text("type", "default");
  if (type === "default") return { rotary: { theta, scaling: null }, unlisted };
  if (type !== "llama3") throw new Error(`config.json: rope scaling "${type}" is not supported, only "llama3"`);
  return { rotary: { theta, scaling: readScaling(rope, config, where) }, unlisted };
}

function readScaling(rope: ConfigValues, config: ConfigValues, where: string): RotaryScaling {
  const missing = ["factor", "low_freq_factor", "high_freq_factor"].find((name) => !rope.has(name));
  if (missing !== undefined)
    throw new Error(`${where} of type llama3 needs factor, low_freq_factor and high_freq_factor; ${missing} is missing`);
  const original = "original_max_position_embeddings";
  return {
    factor: rope.positive("factor", 0),
    lowFrequencyFactor: rope.positive("low_freq_factor", 0),
    highFrequencyFactor: rope.positive("high_freq_factor", 0),
    originalMaxPositions: config.has(original)
      ? config.size(original, 0)
      : rope.size(original, config.size("max_position_embeddings", 2048)),
  };
}
