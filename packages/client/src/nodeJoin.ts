import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { clientSecretSchema } from "@tutti/protocol";
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
