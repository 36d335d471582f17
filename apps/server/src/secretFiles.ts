import { randomBytes } from "node:crypto";
import { chmodSync, existsSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const ownerOnly = 0o600;

/** Writes a file that only its owner can read, also where one that others could read was there before; a crash leaves the old or the new one. */
export function writeSecret(path: string, text: string): void {
  const draft = `${path}.${randomBytes(6).toString("hex")}`;
  try {
    writeFileSync(draft, text, { flag: "wx", mode: ownerOnly });
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}

/** Takes a file, or a folder and what is in it, away from everyone but its owner. Nothing happens where it is not there. */
export function keepSecret(path: string): void {
  if (!existsSync(path)) return;
  const isFolder = statSync(path).isDirectory();
  setMode(path, isFolder ? 0o700 : ownerOnly);
  if (isFolder) for (const name of readdirSync(path)) keepSecret(join(path, name));
}

function setMode(path: string, mode: number): void {
  try {
    chmodSync(path, mode);
  } catch (error) {
    // Another user's file, or a file system without modes: the run can go on all the same.
    const code = error instanceof Error && "code" in error ? error.code : null;
    if (code !== "EPERM" && code !== "ENOTSUP") throw error;
  }
}
