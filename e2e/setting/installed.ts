import { spawn } from "node:child_process";
import { existsSync, mkdtempSync } from "node:fs";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { projectFolder } from "./places.ts";

/** How a program ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program outside the checkout: what would lead it back there is taken out of its environment. */
export function start(command: string, args: readonly string[], cwd: string) {
  const { NODE_OPTIONS: _options, NODE_PATH: _path, FORCE_COLOR: _color, ...env } = process.env;
  const child = spawn(command, [...args], { cwd, env, shell: process.platform === "win32" });
  const said = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].on("data", (chunk: Buffer) => {
      said[name] += chunk.toString("utf8");
    });
  }
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, ...said }));
  });
  return { ended, said, child };
}

/** Runs a program to its end; throws what it said where it fails. */
export async function run(command: string, args: readonly string[], cwd: string): Promise<Ended> {
  const ended = await start(command, args, cwd).ended;
  if (ended.code === 0) return ended;
  throw new Error(`${command} ${args.join(" ")} ended with ${ended.code}:\n${ended.stdout}\n${ended.stderr}`);
}

/** Packs the project with the pages that are built already, where they are. */
export async function pack(out: string): Promise<string[]> {
  const pages = join(projectFolder, "dist/web");
  const built = existsSync(join(pages, "index.html")) ? ["--pages", pages] : [];
  await run(process.execPath, [join(projectFolder, "scripts/pack.mjs"), "--out", out, ...built], projectFolder);
  return (await readdir(out)).map((name) => join(out, name));
}

/**
 * Installs tarballs together in an empty folder outside the checkout, without install scripts. Other packages come in the versions that this
 * project is tested with, so npm asks its registry only for what its cache lacks.
 */
export async function installAll(tarballs: readonly string[]): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "tutti-installed-"));
  const { packages } = JSON.parse(await readFile(join(projectFolder, "package-lock.json"), "utf8")) as {
    packages: Record<string, { readonly link?: boolean; readonly dev?: boolean }>;
  };
  const needed = Object.entries(packages).filter(([path, { link, dev }]) => path.startsWith("node_modules/") && !link && !dev);
  const lock = { lockfileVersion: 3, requires: true, packages: { "": {}, ...Object.fromEntries(needed) } };
  await writeFile(join(folder, "package-lock.json"), JSON.stringify(lock));
  await writeFile(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }));
  await run("npm", ["install", "--prefer-offline", "--ignore-scripts", "--no-audit", "--no-fund", ...tarballs], folder);
  return folder;
}
