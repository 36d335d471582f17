import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { clientSecretSchema, type Withdrawn } from "@tutti/protocol";
import { deleteMyData as deleteWith } from "./deleteMyData.ts";
import { folderStore } from "./folderStore.ts";
import type { JoinOptions } from "./joinOptions.ts";
import { memoryStore } from "./memoryStore.ts";
import { type ClientSession, joinRun as joinWith } from "./session.ts";

/** What a client in Node is told: as everywhere, but its key and its store may be left to its folder. */
export interface NodeJoinOptions extends Omit<JoinOptions, "clientKey" | "store"> {
  /**
   * Where the client keeps its key and its devices, so that it goes on where it stopped; by default both last as long as the session.
   * Two clients in one folder at the same time are one client to the coordinator, and the later one replaces the other (P-81).
   */
  readonly folder?: string;
  /** By default the folder's, or a new one. */
  readonly clientKey?: string;
}

/**
 * Joins the coordinator's run from Node and takes part until the session ends. Compute is handed in, such as `threadTrainer()` of
 * `@tutti/model/node`. Throws when the folder's key cannot be read.
 */
export function joinRun({ folder, clientKey, ...options }: NodeJoinOptions): ClientSession {
  if (folder === undefined) return joinWith({ ...options, clientKey: clientKey ?? newKey(), store: memoryStore() });
  const key = clientKey ?? keyIn(folder);
  return joinWith({ ...options, clientKey: key, store: folderStore(join(folder, key)) });
}

/** What `deleteMyData` is told in Node: the folder that the client joined with, or its key. */
export type NodeDeleteOptions = Omit<NodeJoinOptions, "trainer">;

/**
 * Has everything deleted that the coordinator keeps of the folder's client, and what the folder keeps of the run, its key as well (P-127). Rejects
 * where nothing was deleted.
 */
export async function deleteMyData({ folder, clientKey, ...options }: NodeDeleteOptions): Promise<Withdrawn> {
  if (folder === undefined) return deleteWith({ ...options, clientKey: clientKey ?? newKey(), store: memoryStore() });
  const key = clientKey ?? keyIn(folder);
  const place = join(folder, key);
  const deleted = await deleteWith({ ...options, clientKey: key, store: folderStore(place) });
  rmSync(place, { recursive: true, force: true });
  if (clientKey === undefined) rmSync(join(folder, "client.key"), { force: true });
  return deleted;
}

function newKey(): string {
  return randomBytes(16).toString("hex");
}

/** The key that a folder holds; a folder without one gets one. */
function keyIn(folder: string): string {
  const path = join(folder, "client.key");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  try {
    writeFileSync(path, `${newKey()}\n`, { flag: "wx", mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  const key = readFileSync(path, "utf8").trim();
  if (clientSecretSchema.safeParse(key).success) return key;
  throw new Error(`${path}: expected a client's key of 16 to 64 letters, digits, _ or -; move the file away to take part as a new client`);
}
