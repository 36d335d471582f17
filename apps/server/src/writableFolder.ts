import { existsSync, mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { ConfigError } from "./config.ts";

/** Why a folder takes no files, by the system's code. */
const reasons: Readonly<Record<string, string>> = {
  EEXIST: "there is a file of that name",
  ENOTDIR: "a file is in its way",
  EACCES: "this user may not write there",
  EPERM: "this user may not write there",
  EROFS: "it is on a read-only file system",
  ENOSPC: "the disk is full",
  EDQUOT: "this user's disk quota is used up",
  ENAMETOOLONG: "its name is too long",
  ELOOP: "its links lead in a circle",
};

/** Does something in a run's folder; a folder that takes no files is told with the reason and the option that names another one. */
export function inRunFolder<T>(folder: string, act: () => T): T {
  try {
    return act();
  } catch (cause) {
    const reason = reasons[codeOf(cause)];
    if (reason === undefined) throw cause;
    throw refusal(folder, reason);
  }
}

function refusal(folder: string, reason: string): ConfigError {
  return new ConfigError(`the folder ${folder} cannot be written: ${reason}; give another folder with --out`);
}

const codeOf = (cause: unknown): string => (cause instanceof Error && "code" in cause ? String(cause.code) : "");

/** Makes a folder for runs with those above it; throws a ConfigError where that cannot be done. */
export function makeRunFolder(path: string): void {
  inRunFolder(path, () => makeFolders(path));
}

/** As `mkdir -p`. Node's own never returns where the system lets nobody make a folder, as below /proc. */
function makeFolders(path: string): void {
  try {
    mkdirSync(path);
  } catch (cause) {
    if (codeOf(cause) === "EEXIST" && isFolder(path)) return;
    if (codeOf(cause) !== "ENOENT") throw cause;
    if (existsSync(dirname(path))) throw refusal(path, "no folder can be made there");
    makeFolders(dirname(path));
    makeFolders(path);
  }
}

function isFolder(path: string): boolean {
  return existsSync(path) && statSync(path).isDirectory();
}

/** Throws a ConfigError where a folder of runs is something else; one that is not there yet holds none. */
export function requireFolder(path: string): void {
  if (existsSync(path) && !isFolder(path))
    throw new ConfigError(`${path} is a file, expected a folder of runs; give another one with --out`);
}
