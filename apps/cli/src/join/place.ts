import { createHash } from "node:crypto";
import { homedir } from "node:os";
import { join } from "node:path";
import { coordinatorFolder } from "@tutti/client";
import type { Example } from "@tutti/data";
import { lockRunFolder, makeRunFolder } from "@tutti/server";

/** A folder that one client at a time uses. */
export interface ClientPlace {
  readonly folder: string;
  /** Where the client keeps its key and its devices. */
  readonly clientFolder: string;
  /** Where backbones are kept once they are downloaded; clients share it. */
  readonly backbonesFolder: string;
  giveBack(): void;
}

interface PlaceOptions {
  /** The folder that was asked for; by default one for each coordinator. */
  readonly state: string | undefined;
  readonly url: string;
  /** The client's own examples, or null. The same file finds its device again, another file is another device. */
  readonly examples: readonly Example[] | null;
  /** Where folders are made that nobody asked for. */
  readonly home?: string;
}

/** Takes the folder of a client for this process; throws while another one uses it. */
export function takePlace({ state, url, examples, home = join(homedir(), ".tutti") }: PlaceOptions): ClientPlace {
  const folder = state ?? join(home, "clients", nameOf(url));
  makeRunFolder(folder, { option: "--state", mode: 0o700 });
  const giveBack = lockRunFolder(folder, "give another --state", "--state");
  const clientFolder = join(folder, examples === null ? "shares" : `own-${fingerprint(examples)}`);
  return { folder, clientFolder, backbonesFolder: join(state ?? home, "backbones"), giveBack };
}

/** An address as a folder's name, such as `192.168.1.20-8080`. */
function nameOf(url: string): string {
  const { host, pathname } = new URL(coordinatorFolder(url));
  return `${host}${pathname}`.replaceAll(/[^A-Za-z0-9.]+/g, "-").replaceAll(/^-+|-+$/g, "");
}

function fingerprint(examples: readonly Example[]): string {
  return createHash("sha256").update(JSON.stringify(examples)).digest("hex").slice(0, 16);
}
