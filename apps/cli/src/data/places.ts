import { basename, resolve } from "node:path";
import { UsageError } from "../exitCodes.ts";
import { foundAt, hubPrefix } from "../localPaths.ts";

/** Where a data set is: a file, a folder of split files, or a data set on the hub, `@` naming a revision. */
export type DataPlace =
  | { readonly kind: "file" | "folder"; readonly path: string }
  | { readonly kind: "hub"; readonly id: string; readonly revision: string | null };

/** A file or folder that is there, a built-in task with a place on the hub, or else what looks like a hub id; `hub:` before it says that it is one. */
export async function dataPlaceOf(target: string): Promise<DataPlace> {
  const found = await foundAt(target);
  if (found !== null) return { kind: found.isFolder ? "folder" : "file", path: target };
  const { taskSources } = await import("@tutti/data");
  const builtIn = Object.hasOwn(taskSources, target) ? taskSources[target] : undefined;
  if (builtIn?.hub) return { kind: "hub", id: builtIn.hub.id, revision: null };
  if (builtIn !== undefined)
    throw new UsageError(`${target} is not on the hub as far as Tutti knows: give a folder with its files, and --name ${target}`);
  const [, id, revision] = /^([\w-][\w.-]*\/[\w-][\w.-]*)(?:@([\w./-]+))?$/.exec(target.replace(hubPrefix, "")) ?? [];
  if (id === undefined)
    throw new UsageError(`${target} is neither a file, a folder, a built-in task nor a hub id such as fancyzhx/ag_news`);
  return { kind: "hub", id, revision: revision ?? null };
}

/** The name a data set gets when none is given: of its configuration, or the last part of its place. */
export function datasetNameOf(place: DataPlace, config: string | undefined): string {
  if (place.kind === "hub" && config !== undefined && config !== "default") return folded(config);
  if (place.kind === "hub") return folded(basename(place.id));
  return folded(basename(resolve(place.path)).replace(/\.(csv|tsv|jsonl|ndjson|json|parquet)$/i, ""));
}

/** Refuses what cannot be the name of a folder and a task. */
export function requireName(name: string): void {
  if (name === "feedback" || name === "replies") throw new UsageError(`${name} comes with Tutti: give yours another --name`);
  if (/\.(unfinished|previous)$/.test(name))
    throw new UsageError(`"${name}" ends like a folder that is being replaced: give the data set another --name`);
  if (!/^[a-z0-9][a-z0-9._-]{0,63}$/.test(name))
    throw new UsageError(`"${name}" cannot be a data set's name: use lower-case letters, digits, dots, dashes and underscores`);
}

function folded(text: string): string {
  const name = text.toLowerCase().replaceAll(/[^a-z0-9._-]+/g, "-");
  return /^[a-z0-9]/.test(name) ? name : `d${name}`;
}
