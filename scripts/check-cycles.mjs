// Files that import each other in a circle, type imports included: Biome's noImportCycles leaves those out.
import { readdirSync, readFileSync } from "node:fs";
import { posix } from "node:path";

const { dirname, join, normalize } = posix;

const files = ["apps", "packages", "e2e"].flatMap(sourceFiles);
const imports = new Map(files.map((file) => [file, importsOf(file)]));
const circles = circlesOf(imports);
for (const circle of circles) process.stdout.write(`import cycle: ${[...circle, circle[0]].join("\n  → ")}\n`);
process.exitCode = circles.length === 0 ? 0 : 1;

function sourceFiles(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return ["node_modules", "dist"].includes(entry.name) ? [] : sourceFiles(path);
    return /\.tsx?$/.test(entry.name) ? [path] : [];
  });
}

/** Files that a file names with a relative path, in `import … from`, `export … from`, `import "…"` and `import("…")`. */
function importsOf(file) {
  const text = readFileSync(file, "utf8");
  const found = text.matchAll(/\b(?:from|import)\s*\(?\s*"(\.[^"]+)"/g);
  return [...new Set([...found].map((match) => normalize(join(dirname(file), match[1]))))];
}

/** One shortest circle through each file that has one; circles of the same files are told once. */
function circlesOf(graph) {
  const told = new Map();
  for (const start of graph.keys()) {
    const circle = shortestCircle(graph, start);
    if (circle !== null) told.set([...circle].sort().join(), circle);
  }
  return [...told.values()];
}

function shortestCircle(graph, start) {
  const cameFrom = new Map();
  const queue = [start];
  for (const file of queue) {
    for (const next of graph.get(file) ?? []) {
      if (next === start) return pathTo(file, cameFrom);
      if (cameFrom.has(next)) continue;
      cameFrom.set(next, file);
      queue.push(next);
    }
  }
  return null;
}

function pathTo(file, cameFrom) {
  const path = [file];
  for (let at = cameFrom.get(file); at !== undefined; at = cameFrom.get(at)) path.unshift(at);
  return path;
}
