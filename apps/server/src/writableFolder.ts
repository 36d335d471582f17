import { existsSync, mkdirSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { FolderLockError, lockFolder } from "@tutti/terminal";
import { ConfigError } from "./config.ts";

/** Why a folder takes no files, by the system's code. */
const reasons: Readonly<Record<string, string>> = {
  ENOENT: "the system can create nothing there",
  EEXIST: "a file of that name exists",
  ENOTDIR: "a file is in its way",
  EISDIR: "there is a folder where a file belongs",
  EACCES: "this user may not write there",
  EPERM: "this user may not write there",
  EROFS: "it is on a read-only file system",
  ENOSPC: "the disk is full",
  EDQUOT: "this user's disk quota is used up",
  ENAMETOOLONG: "its name is too long",
  ELOOP: "its links point at each other in a circle",
};

/** Does something in a run's folder; a folder that takes no files is told with the reason and the option that names another one. */
export function inRunFolder<T>(folder: string, act: () => T, option = "--out"): T {
  try {
    return act();
  } catch (cause) {
    const reason = reasons[codeOf(cause)];
    if (reason === undefined) throw cause;
    throw new ConfigError(`the folder ${folder} cannot be written: ${reason}; give another folder with ${option}`);
  }
}

/** The same of something that is under way. */
export function orWithReason<T>(folder: string, act: Promise<T>, option = "--out"): Promise<T> {
  return act.catch((cause: unknown) =>
    inRunFolder(
      folder,
      () => {
        throw cause;
      },
      option,
    ),
  );
}

const codeOf = (cause: unknown): string => (cause instanceof Error && "code" in cause ? String(cause.code) : "");

/**
 * Keeps a folder for this process; throws a ConfigError while another process has it, and where it takes no files. `option` names another
 * folder. Returns what gives it back.
 */
export function lockRunFolder(folder: string, instead = "choose another run", option = "--out"): () => void {
  const lock = () => {
    try {
      return lockFolder(folder, instead);
    } catch (error) {
      throw error instanceof FolderLockError ? new ConfigError(error.message) : error;
    }
  };
  return inRunFolder(folder, lock, option);
}

/** How a folder is made, and the option that names another one. */
export interface FolderOptions {
  readonly option?: string;
  /** Permissions of what is made; the system's usual ones when absent. */
  readonly mode?: number;
}

/** Makes a folder with those above it; throws a ConfigError where that cannot be done. */
export function makeRunFolder(path: string, { option = "--out", mode }: FolderOptions = {}): void {
  if (path === "") throw new ConfigError(`the name of the folder is empty; give a folder with ${option}`);
  const make = () => {
    // one by one: Node's recursive mkdir never ends where a file system such as /proc says that a folder's parent is not there
    for (const folder of missingFolders(path)) makeOne(folder, mode);
    if (!isFolder(path)) throw Object.assign(new Error(path), { code: "EEXIST" });
  };
  inRunFolder(path, make, option);
}

const isFolder = (path: string): boolean => statSync(path).isDirectory();

/** Another process may be faster, with the same folder. */
function makeOne(folder: string, mode?: number): void {
  try {
    mkdirSync(folder, { mode });
  } catch (cause) {
    if (!existsSync(folder)) throw cause;
  }
}

/** The folders of a path that are not there, the outermost first. */
function missingFolders(path: string): string[] {
  const missing: string[] = [];
  for (let at = resolve(path); !existsSync(at); at = dirname(at)) missing.unshift(at);
  return missing;
}

/** Throws a ConfigError where a folder of runs is something else; one that is not there yet holds none. */
export function requireFolder(path: string): void {
  if (existsSync(path) && !isFolder(path))
    throw new ConfigError(`${path} is a file, expected a folder of runs; give another one with --out`);
}
