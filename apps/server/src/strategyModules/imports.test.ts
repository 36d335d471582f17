import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { temporaryFolder } from "../testing/startTest.ts";
import { hashModule } from "./hashModule.ts";
import { namedFiles } from "./imports.ts";

let folder = temporaryFolder();
afterEach(() => {
  folder.remove();
  folder = temporaryFolder();
});

/** Writes files below the folder; the path of the first. */
function write(files: Readonly<Record<string, string>>): string {
  const paths = Object.entries(files).map(([name, text]) => {
    const path = join(folder.path, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    return path;
  });
  return paths[0] ?? "";
}

test.each([
  'import { a } from "./other.ts";',
  "import {\n  a,\n} from './other.ts';",
  'export * from "./other.ts";',
  'import"./other.ts";',
  'import /* why */ a from /* not */ "./other.ts";',
  'const { a } = await import("./other.ts");',
  "const load = () => import(\n  `./other.ts`,\n);",
  'import data from "./other.ts" with { type: "json" };',
  'const require = createRequire(import.meta.url);\nconst a = require("./other.ts");',
  'import { a } from "./other.js"; // which a loader takes for other.ts',
  'import { a } from "./other";',
  'import { a } from "./other.ts?again";',
  'import { a } from "./%6fther.ts";',
  'new Worker(new URL("./other.ts", import.meta.url));',
  'import { a } from "./between.ts";',
])("another text of a file that is imported gives another hash: %s", (text) => {
  const entry = write({ "mine.ts": text, "other.ts": "export const a = 1;\n", "between.ts": 'export { a } from "./other.ts";\n' });
  const { sha256, files } = hashModule(entry);
  expect([...files.keys()]).toContain(join(folder.path, "other.ts"));
  write({ "other.ts": "export const a = 2;\n" });
  expect(hashModule(entry).sha256).not.toBe(sha256);
});

test("the same files in another folder have the same hash, under other names another one", () => {
  const files = { "mine.ts": 'import "./lib/a.ts";\n', "lib/a.ts": 'import "../mine.ts";\n' };
  const entry = write(files);
  const moved = write(Object.fromEntries(Object.entries(files).map(([name, text]) => [`moved/${name}`, text])));
  expect(hashModule(moved).sha256).toBe(hashModule(entry).sha256);
  const renamed = write({ "mine2.ts": 'import "./lib/a.ts";\n' });
  expect(hashModule(renamed).sha256).not.toBe(hashModule(entry).sha256);
});

test("packages count by name and version, but for the coordinator's own core", () => {
  const entry = write({ "mine.ts": 'import a from "left/sub.js";\nimport { b } from "@tutti/core";\nimport fs from "node:fs";\n' });
  expect(() => hashModule(entry)).toThrow(/mine\.ts: left stands behind from or import, and no node_modules folder above it has it/);
  const hashOf = (version: string) => {
    write({ "node_modules/left/package.json": JSON.stringify({ version }) });
    return hashModule(entry).sha256;
  };
  expect(hashOf("1.0.0")).toBe(hashOf("1.0.0"));
  expect(hashOf("1.0.0")).not.toBe(hashOf("1.0.1"));
});

test.each([
  "await import(name);",
  `await import(\`./${"$"}{name}.ts\`);`,
  'await import("./a" + name);',
  'import "#inside";',
  'import "./\\x6fther.ts";',
])("an import that cannot be followed is refused: %s", (text) => {
  const entry = write({ "mine.ts": text });
  expect(() => hashModule(entry)).toThrow(/mine\.ts: .*: the code of a run is known by the files that it is made of/);
});

test("what only looks like an import is let be", () => {
  const text = "const importKey = (a) => a;\nimportKey(x); crypto.subtle.importKey(x); import.meta.url; // taken from 'the paper, 1'\n";
  expect(namedFiles(text)).toEqual({ paths: [], packages: [], faults: [] });
});
