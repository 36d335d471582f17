import { readdir, readFile, stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { UsageError } from "../exitCodes.ts";
import { foundAt, hubPrefix } from "../localPaths.ts";

/** Where a checkpoint is: a folder on this machine or a model on the hub, `@` naming a revision. */
export type CheckpointPlace =
  | { readonly kind: "folder"; readonly folder: string }
  | { readonly kind: "hub"; readonly id: string; readonly revision: string | null };

/** A folder that is there, or else what looks like a hub id. */
export async function placeOf(text: string): Promise<CheckpointPlace> {
  const found = await foundAt(text);
  if (found?.isFolder) return { kind: "folder", folder: text };
  if (found !== null) throw new UsageError(`${text} is a file: give the folder that holds config.json and the safetensors files`);
  const [, id, revision] = /^([\w-][\w.-]*(?:\/[\w-][\w.-]*)?)(?:@([\w./-]+))?$/.exec(text.replace(hubPrefix, "")) ?? [];
  if (id === undefined) throw new UsageError(`${text} is neither a folder nor a hub id such as FacebookAI/roberta-base`);
  return { kind: "hub", id, revision: revision ?? null };
}

/** The name a backbone gets when none is given: the last part of its place in lower case. */
export function nameOf(place: CheckpointPlace): string {
  const last = basename(place.kind === "hub" ? place.id : resolve(place.folder));
  const name = last.toLowerCase().replaceAll(/[^a-z0-9._-]+/g, "-");
  return /^[a-z0-9]/.test(name) ? name : `b${name}`;
}

/** The backbones that come with Tutti: runs and reports name them, so no other may take their place. */
const builtIn = ["minuet", "etude", "concerto"];

/** Refuses what cannot be the name of a folder, and the name of a built-in backbone where that one lies. */
export async function requireName(backbones: string, name: string): Promise<void> {
  if (!/^[a-z0-9][a-z0-9._-]*$/.test(name))
    throw new UsageError(`"${name}" cannot be a backbone's name: use lower-case letters, digits, dots, dashes and underscores`);
  if (builtIn.includes(name) && (await namesIn(backbones)).includes(name))
    throw new UsageError(`${name} comes with Tutti: give yours another --name`);
}

/** Refuses to remove a built-in backbone. */
export function requireRemovable(name: string): void {
  if (builtIn.includes(name)) throw new UsageError(`${name} comes with Tutti: it cannot be removed`);
}

/** The folder of a converted backbone; a usage error that lists the names there are. */
export async function folderOf(backbones: string, name: string): Promise<string> {
  const names = await namesIn(backbones);
  if (names.includes(name)) return join(backbones, name);
  throw new UsageError(`there is no backbone ${name} in ${backbones}; it holds ${names.length === 0 ? "none" : names.join(", ")}`);
}

/** Names of the converted backbones, sorted. */
export async function namesIn(backbones: string): Promise<string[]> {
  const { isPassing, putAllBack } = await import("@tutti/data/node");
  await putAllBack(backbones);
  const found = await readdir(backbones, { withFileTypes: true }).catch(() => []);
  const names: string[] = [];
  for (const entry of found) {
    const hasManifest = (await stat(join(backbones, entry.name, "manifest.json")).catch(() => null)) !== null;
    if (hasManifest && !isPassing(entry.name)) names.push(entry.name);
  }
  return names.sort();
}

/** The model card and the licence that its front matter names. */
export async function cardOf(folder: string): Promise<{ card: string | null; licence: string | null }> {
  const card = await readFile(join(folder, "README.md"), "utf8").catch(() => null);
  const [, front] = /^---\r?\n([\s\S]*?)\r?\n---/.exec(card ?? "") ?? [];
  const [, licence] = /^license:\s*["']?([^"'\r\n]+)/m.exec(front ?? "") ?? [];
  return { card, licence: licence?.trim() ?? null };
}
