import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../../..", import.meta.url));

interface PackageFile {
  readonly exports?: Readonly<Record<string, string>>;
}

/** Where a name of a package of this project leads; null for other packages. */
function packageEntry(specifier: string): string | null {
  const [, name, sub] = /^@tutti\/([^/]+)(\/.*)?$/.exec(specifier) ?? [];
  if (name === undefined) return null;
  const folder = ["packages", "apps"].map((place) => join(root, place, name)).find((path) => existsSync(path));
  if (folder === undefined) throw new Error(`${specifier}: there is no such package`);
  const { exports } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as PackageFile;
  const entry = exports?.[sub === undefined ? "." : `.${sub}`];
  if (entry === undefined) throw new Error(`${specifier}: its package.json exports no such entry`);
  return join(folder, entry);
}

/** What a file imports, types left out: by `from`, `import "…"` and, where asked, `import("…")`. */
function importsOf(path: string, kinds: "static" | "all"): string[] {
  const text = readFileSync(path, "utf8").replaceAll(/(?:import|export) type [^;]*;/g, "");
  const found = [...text.matchAll(/(?:\bfrom|^import)\s+"([^"]+)"/gm)];
  if (kinds === "all") found.push(...text.matchAll(/\bimport\(\s*"([^"]+)"\s*\)/g));
  return found.flatMap(([, specifier = ""]) => {
    const target = specifier.startsWith(".") ? resolve(dirname(path), specifier) : packageEntry(specifier);
    return target === null ? [] : [target];
  });
}

/** All files of this project that a file loads, sooner or, with dynamic imports, later. */
function reachable(start: string, kinds: "static" | "all"): string[] {
  const seen = new Set<string>();
  const open = [join(root, start)];
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    if (seen.has(path)) continue;
    seen.add(path);
    open.push(...importsOf(path, kinds));
  }
  return [...seen].map((path) => relative(root, path));
}

const command = (name: string) => `apps/cli/src/commands/${name}.ts`;
const ofLab = (files: readonly string[]) => files.filter((file) => file.startsWith("apps/lab/") || file.startsWith("apps/bench/"));

test("serve, run, join, predict, data, backbone and prompt load no file of the lab or of the benchmarks", () => {
  for (const name of ["serve", "run", "join", "predict", "data", "backbone", "prompt"]) {
    const files = reachable(command(name), "all");
    expect(files.length, name).toBeGreaterThan(20);
    expect(ofLab(files), name).toEqual([]);
  }
  expect(ofLab(reachable(command("lab"), "all"))).toContain("apps/lab/src/run/runExperiment.ts");
  expect(ofLab(reachable(command("demo"), "all")).length).toBeGreaterThan(0);
});

test("the help loads commands alone: no server, no model, no lab", () => {
  const others = (main: string) => reachable(main, "static").filter((file) => !file.startsWith("apps/cli/"));
  expect(others("apps/cli/src/main.ts")).toEqual(["packages/model/src/sourceRecipe.ts"]);
  expect(others("apps/cli/src/checkoutMain.ts").sort()).toEqual([
    "apps/bench/src/names.ts",
    "apps/bench/src/torture/parts.ts",
    "packages/model/src/sourceRecipe.ts",
  ]);
});

test("a demo starts without the tensor library and without what draws its report", () => {
  const files = reachable("apps/lab/src/demo.ts", "static");
  expect(files).toContain("apps/lab/src/drive/tabs.ts");
  expect(files.filter((file) => file.startsWith("packages/model/"))).toEqual(["packages/model/src/threads.ts"]);
  expect(files.filter((file) => file.endsWith("page.tsx") || file.includes("/figures/"))).toEqual([]);
});

test("the coordinator reaches no model, also where its strategy needs a large one: a compute client is another process", () => {
  const files = reachable("apps/server/src/index.ts", "all");
  expect(files).toContain("apps/server/src/pool/computeDesk.ts");
  expect(files).toContain("apps/server/src/commands/clientChild.ts");
  expect(files.filter((file) => file.startsWith("packages/model/") || file.startsWith("packages/client/"))).toEqual([]);
  expect(reachable(command("compute"), "all")).toContain("packages/model/src/compute/computeTrainer.ts");
});
