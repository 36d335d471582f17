import { formatWhole } from "@tutti/core";
import type { BackboneManifest } from "./manifest.ts";

/** The model card of a checkpoint that came without one: what its manifest knows, and that nobody has said more. */
export function writtenCard({ name, config, numParameters, encoding, source, licence }: Omit<BackboneManifest, "card">): string {
  const facts = [
    ["architecture", `${config.family}, ${config.isCausal ? "causal" : "an encoder"}`],
    ["parameters", formatWhole(numParameters)],
    ["layers", `${config.numLayers} of width ${config.hiddenSize}, ${config.numHeads} heads`],
    ["vocabulary", `${formatWhole(config.vocabSize)} tokens`],
    ["positions", formatWhole(config.maxPositions)],
    ["stored as", encoding],
    ["source", source],
    ["licence", licence],
  ];
  return [
    "---",
    `license: ${JSON.stringify(licence)}`,
    "---",
    `# ${name}`,
    "",
    "The checkpoint came without a model card; this one was written from its configuration. Its training data, its",
    "uses and its limits are not known here.",
    "",
    "| | |",
    "|---|---|",
    ...facts.map(([fact, value]) => `| ${fact} | ${value} |`),
    "",
  ].join("\n");
}
