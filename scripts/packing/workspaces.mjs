// The workspaces that are packed, and what each is published as.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * A workspace. `tutti` in its package.json says what serves a checkout alone and is left out: `isPacked: false` the whole of it,
 * `unpackedExports` entries with their folders, `unpackedFiles` sources. `projectFiles` are what it brings of the project.
 * @typedef {{ name: string, folder: string, manifest: any }} Workspace
 */

/**
 * Every workspace of a project that is packed, by name.
 * @param {string} project
 * @returns {Map<string, Workspace>}
 */
export const packedWorkspaces = (project) => {
  const { workspaces } = readManifest(project);
  const folders = workspaces.flatMap((pattern) => {
    const parent = pattern.replace(/\/\*$/, "");
    const within = readdirSync(join(project, parent)).map((name) => join(parent, name));
    return within.filter((folder) => existsSync(join(project, folder, "package.json"))); // as npm, which passes over what a branch left behind
  });
  const all = folders.map((folder) => ({ folder, manifest: readManifest(join(project, folder)) }));
  const packed = all.filter(({ manifest }) => manifest.tutti?.isPacked !== false);
  return new Map(packed.map(({ folder, manifest }) => [manifest.name, { name: manifest.name, folder, manifest }]));
};

const readManifest = (folder) => JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));

/** Names of the other workspaces that this one imports. */
export const neighboursOf = ({ manifest }) => Object.keys(manifest.dependencies ?? {}).filter((name) => name.startsWith("@tutti/"));

/** Folders and files below src/ that are not published: tests, and what serves entries that are left out. */
export const leftOut = ({ manifest }) => {
  const folders = (manifest.tutti?.unpackedExports ?? []).map((entry) => manifest.exports[entry].replace(/\/[^/]*$/, ""));
  const files = manifest.tutti?.unpackedFiles ?? [];
  return [...files, "src/**/*.test.ts", "src/**/*.test.tsx", "src/**/testing/**", ...folders.map((folder) => `${folder}/**`)];
};

/** `./src/node.ts` as it is published: its types first, then its code. */
const publishedEntry = (source) => {
  const base = source.replace(/^\.\/src\//, "./dist/").replace(/\.tsx?$/, "");
  return { types: `${base}.d.ts`, default: `${base}.js` };
};

/**
 * The package.json that is published: built entries, exact versions of its neighbours, and what the whole project says once.
 * @param {Workspace} workspace
 * @param {Map<string, Workspace>} packed
 * @param {any} root package.json of the project
 */
export const publishedManifest = ({ manifest, name }, packed, { license, engines, version }) => {
  const { description, exports: entries = {}, dependencies = {}, peerDependencies, peerDependenciesMeta, bin, files = [] } = manifest;
  const omitted = manifest.tutti?.unpackedExports ?? [];
  const exact = ([dependency, range]) => {
    if (!dependency.startsWith("@tutti/")) return [dependency, range];
    const neighbour = packed.get(dependency);
    if (neighbour === undefined) throw new Error(`${name} depends on ${dependency}, which is not packed: drop the dependency or pack it`);
    return [dependency, neighbour.manifest.version];
  };
  const published = Object.entries(entries).filter(([entry]) => !omitted.includes(entry));
  return {
    name,
    version: manifest.version ?? version,
    description,
    license,
    type: "module",
    engines,
    exports: {
      ...Object.fromEntries(published.map(([entry, source]) => [entry, publishedEntry(source)])),
      "./package.json": "./package.json",
    },
    bin,
    files: ["dist", ...(bin === undefined ? [] : ["bin"]), ...files],
    dependencies: Object.fromEntries(Object.entries(dependencies).map(exact)),
    peerDependencies,
    peerDependenciesMeta,
  };
};
