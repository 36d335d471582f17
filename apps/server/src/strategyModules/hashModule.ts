import { createHash } from "node:crypto";
import { existsSync, readFileSync, realpathSync, statSync } from "node:fs";
import { dirname, extname, join, relative, sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { ConfigError } from "../config.ts";
import { namedFiles } from "./imports.ts";

/** A module's code as it is now. */
export interface ModuleCode {
  /** Of all files with their places below the module's folder, and of the packages by name and version. */
  readonly sha256: string;
  /** The SHA-256 of each file that was reached, by its path. */
  readonly files: ReadonlyMap<string, string>;
}

const scripts = [".ts", ".mts", ".cts", ".tsx", ".js", ".mjs", ".cjs", ".jsx"];
/** What the coordinator itself brings: a run's own strategies are not hashed either. */
const ownPackage = "@tutti/core";

/** Hashes a module's file and every file that it may import by a path, and so on; throws a ConfigError for an import that cannot be followed. */
export function hashModule(path: string): ModuleCode {
  const entry = realpathSync(path);
  const files = new Map<string, string>();
  const packages = new Set<string>();
  const open = [entry];
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    if (files.has(file)) continue;
    const bytes = readFileSync(file);
    files.set(file, createHash("sha256").update(bytes).digest("hex"));
    if (!scripts.includes(extname(file))) continue;
    const named = namedFiles(bytes.toString("utf8"));
    const [fault] = named.faults;
    if (fault !== undefined) throw new ConfigError(`${file}: ${fault}: the code of a run is known by the files that it is made of`);
    for (const name of named.packages) if (name !== ownPackage) packages.add(versionOf(name, file));
    for (const named1 of named.paths) open.push(...filesAt(named1, file));
  }
  const lines = [...[...files].map(([file, sha256]) => `file ${placeOf(file, entry)} ${sha256}`), ...packages].sort();
  return { sha256: createHash("sha256").update(lines.join("\n")).digest("hex"), files };
}

const placeOf = (file: string, entry: string) => relative(dirname(entry), file).split(sep).join("/");

/** Every file that a path may mean: as it stands, and by the endings that a loader adds or puts in place of others. */
function filesAt(path: string, from: string): string[] {
  const asUrl = fileURLToPath(new URL(path, pathToFileURL(from)));
  const asPath = path.startsWith("file:") ? asUrl : join(path.startsWith("/") ? "/" : dirname(from), path);
  const places = [...new Set([asUrl, asPath])].flatMap((place) => {
    const stem = place.replace(/\.[cm]?jsx?$/, "");
    const ends = scripts.concat(".json");
    return [place, ...ends.flatMap((end) => [place + end, stem + end, join(place, `index${end}`)])];
  });
  return [...new Set(places.filter(isFile).map((place) => realpathSync(place)))];
}

const isFile = (path: string) => existsSync(path) && statSync(path).isFile();

/** A package's line, from the nearest node_modules folder that has it. */
function versionOf(name: string, from: string): string {
  for (let folder = dirname(from); ; folder = dirname(folder)) {
    const manifest = join(folder, "node_modules", name, "package.json");
    if (existsSync(manifest)) return `package ${name} ${JSON.parse(readFileSync(manifest, "utf8")).version}`;
    if (dirname(folder) === folder) break;
  }
  throw new ConfigError(`${from}: ${name} stands behind from or import, and no node_modules folder above it has it: install it there`);
}
