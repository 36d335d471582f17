import { stat } from "node:fs/promises";
import { UsageError } from "./exitCodes.ts";

/** Ends of file names that people keep data in; nothing on a hub is called so. */
const fileEnds = /\.(csv|tsv|jsonl|ndjson|parquet|json|txt|xlsx?|ods|arrow|feather|zip|gz|bz2|xz|zst|tar|tgz|safetensors|bin|pt|gguf)$/i;

/** Said before a hub id that could be a path, to have it looked up there all the same. */
export const hubPrefix = "hub:";

/** Whether a text that names nothing here can only be meant as a path: a hub id has the form `owner/name`, with `@` before a revision. */
export function looksLikePath(target: string): boolean {
  const [id = ""] = target.split("@", 1);
  return (
    /^(\.{0,2}[/\\]|~|[A-Za-z]:[\\/])/.test(target) ||
    target === "." ||
    target === ".." ||
    /[\\\s]/.test(target) ||
    id.endsWith("/") ||
    id.split("/").length > 2 ||
    fileEnds.test(target)
  );
}

/**
 * What is at a path: null where there is nothing and the text may be a hub id. Where it can only be a path, or begins with a folder that is
 * here, that it does not exist is the answer; nothing is asked of the hub.
 */
export async function foundAt(target: string): Promise<{ readonly isFolder: boolean } | null> {
  if (target.startsWith(hubPrefix)) return null;
  try {
    return { isFolder: (await stat(target)).isDirectory() };
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : null;
    if (code !== "ENOENT" && code !== "ENOTDIR") throw new UsageError(`${target} cannot be read (${code})`, { cause });
  }
  if (looksLikePath(target)) throw new UsageError(`${target} does not exist: there is no such file or folder`);
  const [folder = "", name] = target.split("/", 2);
  if (name === undefined || !(await isFolder(folder))) return null;
  throw new UsageError(
    `${target} does not exist: the folder ${folder} is here but does not hold ${name}; for the one on the hub write ${hubPrefix}${target}`,
  );
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null))?.isDirectory() === true;
}
