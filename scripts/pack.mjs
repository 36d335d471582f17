#!/usr/bin/env node
// Packs every workspace as it is published: built JavaScript and types, an exports map, a README. Plain JavaScript, like its neighbours.
//   npm run pack -- --out FOLDER                    builds the pages first
//   npm run pack -- --out FOLDER --pages dist/web   takes pages that are built already
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { buildPages } from "./build-pages.mjs";
import { buildAll } from "./packing/build.mjs";
import { packedWorkspaces, publishedManifest } from "./packing/workspaces.mjs";

const project = fileURLToPath(new URL("..", import.meta.url));
const stage = join(project, "dist/pack");

/**
 * Builds and packs all workspaces into a folder and answers the tarballs' paths. `pages` are built ones to take instead of building them.
 * @param {{ out: string, pages?: string }} options
 * @returns {Promise<string[]>}
 */
export const packAll = async ({ out, pages }) => {
  const packed = packedWorkspaces(project);
  const root = JSON.parse(readFileSync(join(project, "package.json"), "utf8"));
  rmSync(stage, { recursive: true, force: true });
  const hasPages = pages === undefined || existsSync(join(pages, "index.html"));
  if (!hasPages) throw new Error(`${pages} holds no pages: npm run build makes them in dist/web`);
  if (pages === undefined) await buildPages();
  buildAll(project, stage, packed);
  for (const workspace of packed.values()) {
    const folder = join(stage, workspace.folder);
    for (const [from, to] of filesOf(workspace, pages)) cpSync(from, join(folder, to), { recursive: true });
    if (!existsSync(join(folder, "README.md"))) writeFileSync(join(folder, "README.md"), shortReadme(workspace));
    writeFileSync(join(folder, "package.json"), `${JSON.stringify(publishedManifest(workspace, packed, root), null, 2)}\n`);
  }
  mkdirSync(out, { recursive: true });
  const folders = [...packed.values()].map(({ folder }) => join(stage, folder));
  // npm reads whole paths, and what it is asked for on the command line alone
  const answer = execFileSync("npm", ["pack", "--json", "--silent", "--ignore-scripts", "--pack-destination", resolve(out), ...folders], {
    encoding: "utf8",
    shell: process.platform === "win32",
  });
  return Object.values(JSON.parse(answer)).map(({ filename }) => join(resolve(out), filename));
};

/** What a package holds beside what is built: its own files, the licence, and what it brings of the project. */
const filesOf = ({ folder, manifest }, pages) => {
  const own = ["README.md", ...(manifest.files ?? []), ...(manifest.bin === undefined ? [] : ["bin"])];
  const existing = own.filter((name) => existsSync(join(project, folder, name)));
  const brought = (manifest.tutti?.projectFiles ?? []).map((name) => [name === "dist/web" && pages ? pages : join(project, name), name]);
  return [[join(project, "LICENSE"), "LICENSE"], ...existing.map((name) => [join(project, folder, name), name]), ...brought];
};

const shortReadme = ({ name, manifest }) =>
  `# ${name}\n\n${manifest.description}. A part of the command \`tutti\` (@tutti/cli): what it exports may change in any version.\n`;

if (process.argv[1] !== undefined && fileURLToPath(import.meta.url) === process.argv[1]) {
  const { values } = parseArgs({ options: { out: { type: "string" }, pages: { type: "string" } } });
  if (values.out === undefined) {
    console.error("usage: npm run pack -- --out FOLDER [--pages FOLDER]");
    process.exitCode = 2;
  } else {
    const kilobytes = (path) => Math.round(readFileSync(path).length / 1000);
    for (const path of await packAll(values)) console.log(`${path}  ${kilobytes(path)} kB`);
  }
}
