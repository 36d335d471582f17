import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { formatBytes, formatCount, formatWhole } from "@tutti/core";
import type { BackboneManifest } from "@tutti/model";
import { folderOf, namesIn, requireRemovable } from "./folders.ts";
import { listing, percent, table } from "./text.ts";

interface PlaceFlags {
  readonly backbones: string;
}

/** `tutti backbone list`. */
export async function list({ backbones }: PlaceFlags): Promise<void> {
  const names = await namesIn(backbones);
  if (names.length === 0) return console.log(`No backbones in ${backbones}; \`tutti backbone add\` makes one.`);
  const rows = await Promise.all(
    names.map(async (name) => {
      const { config, encoding, numParameters, numBytes, licence } = await readManifest(join(backbones, name));
      return [name, config.family, formatWhole(numParameters), encoding, formatBytes(numBytes), licence];
    }),
  );
  console.log(table([["name", "family", "parameters", "encoding", "download", "licence"], ...rows]));
}

/** `tutti backbone show`. */
export async function show(name: string, { backbones, json }: PlaceFlags & { readonly json?: boolean }): Promise<void> {
  const folder = await folderOf(backbones, name);
  const manifest = await readManifest(folder);
  const parts = bytesByPart(manifest);
  if (json === true) {
    const { shards, tensors, admission, ...rest } = manifest;
    return console.log(
      JSON.stringify({
        ...rest,
        numShards: shards.length,
        numTensors: tensors.length,
        bytesByPart: parts,
        hasAdmission: admission !== undefined,
      }),
    );
  }
  const { config, errors, tokenizer } = manifest;
  console.log(
    listing([
      ["backbone", `${name} (${folder})`],
      ["source", manifest.source],
      ["licence", manifest.licence],
      ["model card", manifest.card === null ? "none" : join(folder, manifest.card)],
      ["family", config.family],
      ["parameters", formatWhole(manifest.numParameters)],
      ["layers", `${config.numLayers} × ${config.hiddenSize}, ${config.numHeads} heads${groupedOf(manifest)}`],
      ["vocabulary", formatWhole(config.vocabSize)],
      ["positions", formatWhole(config.maxPositions)],
      ["encoding", manifest.encoding],
      ...Object.entries(parts).map(([part, bytes]): [string, string] => [`  ${part}`, `${formatBytes(bytes)}`]),
      ["download", `${formatBytes(manifest.numBytes)} in ${formatCount(manifest.shards.length, "shard")}`],
      ["tokenizer", tokenizer === null ? "none" : formatBytes(tokenizer.numBytes)],
      ["encoding error", errors === undefined ? "not measured" : errorsText(errors)],
      ["admission test", manifest.admission === undefined ? "no golden numbers" : "golden numbers stored"],
    ]),
  );
}

/** `tutti backbone remove`. */
export async function remove(name: string, { backbones }: PlaceFlags): Promise<void> {
  const folder = await folderOf(backbones, name);
  requireRemovable(name);
  await rm(folder, { recursive: true });
  console.log(`Removed ${folder}.`);
}

async function readManifest(folder: string): Promise<BackboneManifest> {
  const { parseManifest } = await import("@tutti/model");
  return parseManifest(await readFile(join(folder, "manifest.json")));
}

/** Bytes of the tensors by what they are for. */
function bytesByPart({ tensors }: BackboneManifest): Readonly<Record<string, number>> {
  const parts: Record<string, number> = {};
  for (const { name, parts: runs } of tensors) {
    const part = partOf(name);
    parts[part] = runs.reduce((sum, { length }) => sum + length, parts[part] ?? 0);
  }
  return parts;
}

function partOf(name: string): string {
  if (name.startsWith("embeddings.word")) return "word embeddings";
  if (name.startsWith("embeddings.")) return "positions and types";
  if (name.startsWith("layers.")) return name.includes(".attention.") ? "attention" : "feed-forward";
  return "head and norms";
}

function groupedOf({ config: { numHeads, numKeyValueHeads } }: BackboneManifest): string {
  return numHeads === numKeyValueHeads ? "" : `, ${numKeyValueHeads} for keys and values`;
}

function errorsText({ weights, worstTensor, logits }: NonNullable<BackboneManifest["errors"]>): string {
  const found = `weights ${percent(weights)}, worst tensor ${percent(worstTensor.relativeError)} (${worstTensor.name})`;
  return logits === undefined ? found : `${found}, logits ${percent(logits)}`;
}
