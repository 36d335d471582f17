// TypeScript to JavaScript and types, all packages in one build.
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { leftOut, neighboursOf } from "./workspaces.mjs";

/**
 * Builds the JavaScript and the types of all workspaces, each into `<stage>/<folder>/dist`.
 * @param {string} project
 * @param {string} stage
 * @param {Map<string, import("./workspaces.mjs").Workspace>} packed
 */
export const buildAll = (project, stage, packed) => {
  const configs = join(stage, "config");
  mkdirSync(configs, { recursive: true });
  const configOf = ({ folder }) => join(configs, `${folder.replaceAll("/", "-")}.json`);
  for (const workspace of packed.values()) {
    const source = join(project, workspace.folder);
    const out = join(stage, workspace.folder);
    const neighbours = neighboursOf(workspace).flatMap((name) => packed.get(name) ?? []);
    const config = {
      extends: join(source, "tsconfig.json"),
      compilerOptions: {
        emitDeclarationOnly: false,
        noCheck: true, // `npm run check` looks for type errors
        rewriteRelativeImportExtensions: true,
        rootDir: join(source, "src"),
        outDir: join(out, "dist"),
        tsBuildInfoFile: `${configOf(workspace)}.tsbuildinfo`,
      },
      include: [join(source, "src")],
      exclude: leftOut(workspace).map((pattern) => join(source, pattern)),
      references: neighbours.map((neighbour) => ({ path: configOf(neighbour) })),
    };
    writeFileSync(configOf(workspace), `${JSON.stringify(config, null, 2)}\n`);
  }
  const tsc = join(dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin/tsc");
  const built = spawnSync(process.execPath, [tsc, "--build", ...[...packed.values()].map(configOf)], { stdio: "inherit" });
  if (built.status !== 0) throw new Error("the packages were not built, for the reasons above");
  for (const { folder } of packed.values()) nameBuiltTypes(join(stage, folder, "dist"));
};

/** Types name their neighbours as the sources do, `./thing.ts`, where readers of a package look for `./thing.js`. */
const nameBuiltTypes = (folder) => {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.name.endsWith(".d.ts")) continue;
    const path = join(entry.parentPath, entry.name);
    const text = readFileSync(path, "utf8");
    const renamed = text.replaceAll(/((?:from|import)\s*\(?\s*"\.{1,2}\/[^"]*)\.tsx?(")/g, "$1.js$2");
    if (renamed !== text) writeFileSync(path, renamed);
  }
};
