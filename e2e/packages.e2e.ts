import { mkdtempSync } from "node:fs";
import { mkdir, readdir, readFile, realpath, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "@playwright/test";
import { installAll, pack, run, start } from "./setting/installed.ts";
import { projectFolder } from "./setting/places.ts";

test.describe.configure({ mode: "serial", timeout: 300_000 });

/** The packages with a README and an example, and what each example prints. */
const examples = {
  core: /^29 \+ 24 \+ 30 \+ 37 rows; the norm of the mean is 0\.6270\n$/,
  protocol:
    /^protocol \d+: 44 bytes, 0\.5 -1 2 0\.25 8 -0\.125\nnumRounds: found 0, .*\nsed: there is no setting of this name; did you mean seed\?\n$/,
  data: /^delivery, quality, service, price: 1056 training rows and 288 test rows\n\[ \{ text: 'It came two days late', label: 0 \} \]\n\{\n {2}prompt: 'It came two days late\. reply :',\n {2}answer: ' We are sorry\.',\n {2}isChat: false\n\}\n$/,
  model: /^(delivery|quality|service|price), one of delivery, quality, service, price\n$/,
  server: /^run feedback-topic-seed42-\w+ is waiting; its page answers 200\n$/,
  client: /^2 steps; the tuned parameters are [0-9a-f]{64}\n$/,
  cli: /^pages in .*web, data in .*public, commands demo, class, helpers, serve, join, watch, compute, run, lab, data, backbone, prompt, predict, receipt\n$/,
} as const;

/** Built pages, the five backbones and the two data sets are most of it. */
const maxCommandBytes = 17_500_000;

const out = mkdtempSync(join(tmpdir(), "tutti-tarballs-"));
let tarballs: readonly string[] = [];
let folder = "";

test.beforeAll(async () => {
  test.setTimeout(300_000);
  tarballs = await pack(out);
  folder = await installAll(tarballs);
});

test.afterAll(async () => {
  await Promise.all([out, folder].filter((path) => path !== "").map((path) => rm(path, { recursive: true, force: true })));
});

const packageFolder = (name: string) => join(folder, "node_modules/@tutti", name);
const readPackage = async (name: string) => JSON.parse(await readFile(join(packageFolder(name), "package.json"), "utf8"));

/** Code blocks of a language in a package's README. */
async function blocks(name: string, language: string): Promise<string[]> {
  const text = await readFile(join(packageFolder(name), "README.md"), "utf8");
  return [...text.matchAll(new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, "gs"))].map(([, code = ""]) => code);
}

test("every package holds its code and types, exact versions of its neighbours, a README and the licence, and no sources or tests", async () => {
  const names = (await readdir(join(folder, "node_modules/@tutti"))).sort();
  expect(names).toEqual(expect.arrayContaining(Object.keys(examples)));
  expect(names).not.toEqual(expect.arrayContaining(["web"]));
  expect(tarballs.map((path) => basename(path)).sort()).toEqual(names.map((name) => `tutti-${name}-0.1.0.tgz`).sort());
  for (const name of names) {
    const manifest = await readPackage(name);
    const files = (await readdir(packageFolder(name), { recursive: true })).map((path) => path.replaceAll("\\", "/"));
    for (const entry of Object.values<string | { types: string; default: string }>(manifest.exports)) {
      const targets = typeof entry === "string" ? [entry] : [entry.types, entry.default];
      for (const target of targets) expect(files, `${name} exports ${target}`).toContain(target.replace("./", ""));
    }
    expect(files).toEqual(expect.arrayContaining(["README.md", "LICENSE"]));
    expect(files.filter((path) => /\.test\.|\/testing\/|\.tsx?$/.test(path) && !path.endsWith(".d.ts"))).toEqual([]);
    expect(manifest).toMatchObject({ license: "Apache-2.0", type: "module", engines: { node: ">=20.19" } });
    expect(manifest).not.toHaveProperty("private");
    for (const [dependency, range] of Object.entries(manifest.dependencies)) {
      if (dependency.startsWith("@tutti/")) expect(range, `${name} → ${dependency}`).toBe("0.1.0");
    }
  }
});

test("a folder without a package.json, such as another branch leaves, is no package", async () => {
  const project = join(out, "project");
  await mkdir(join(project, "packages/left"), { recursive: true });
  await mkdir(join(project, "packages/mine"));
  await writeFile(join(project, "package.json"), JSON.stringify({ workspaces: ["packages/*"] }));
  await writeFile(join(project, "packages/mine/package.json"), JSON.stringify({ name: "mine" }));
  const { packedWorkspaces } = await import(pathToFileURL(join(projectFolder, "scripts/packing/workspaces.mjs")).href);
  expect([...packedWorkspaces(project).keys()]).toEqual(["mine"]);
});

test("the command brings the built-in backbones, data sets and the pages, nothing else, and stays small", async () => {
  const [backbones, datasets] = await Promise.all(
    ["backbones", "datasets"].map((name) => readdir(join(packageFolder("cli"), "public", name))),
  );
  expect([backbones, datasets]).toEqual([
    ["concerto", "etude", "minuet", "minuet-f16", "minuet-nf4"],
    ["feedback", "replies"],
  ]);
  expect(await readdir(join(packageFolder("cli"), "dist/web/wasm"))).toContain("tfjs-backend-wasm-simd.wasm");
  const { size } = await stat(join(out, "tutti-cli-0.1.0.tgz"));
  expect(size).toBeLessThan(maxCommandBytes);
});

test("the types of all packages fit the READMEs' examples, and say where something does not fit", async () => {
  const names: string[] = [];
  for (const name of Object.keys(examples)) {
    for (const code of await blocks(name, "js")) {
      names.push(`${name}.ts`);
      // TypeScript widens "fedAvg" in an object to string, unless told
      await writeFile(join(folder, `${name}.ts`), code.replaceAll(/^(const \w+ = \{ .* \});$/gm, "$1 as const;"));
    }
  }
  await writeFile(join(folder, "wrong.ts"), 'import { accuracy } from "@tutti/core";\nexport const text: string = accuracy([[1]]);\n');
  const compilerOptions = { target: "es2023", module: "nodenext", strict: true, skipLibCheck: true, noEmit: true, types: ["node"] };
  await writeFile(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files: [...names, "wrong.ts"] }));
  const { stdout } = await start(
    process.execPath,
    [join(projectFolder, "node_modules/typescript/bin/tsc"), "-p", folder, "--pretty", "false"],
    folder,
  ).ended;
  expect(stdout.trim()).toBe(
    "wrong.ts(2,14): error TS2322: Type 'number | null' is not assignable to type 'string'.\n  Type 'null' is not assignable to type 'string'.",
  );
});

for (const [name, expected] of Object.entries(examples)) {
  test(`the example of @tutti/${name} runs with plain Node`, async () => {
    const [code = ""] = await blocks(name, "js");
    await writeFile(join(folder, `${name}.mjs`), code);
    const { stdout, stderr } = await run(process.execPath, [`${name}.mjs`], folder);
    expect(stdout).toMatch(expected);
    expect(stderr).toBe("");
  });
}

test("`npx tutti demo --rounds 1` leaves a report and prompts that predict", async () => {
  const [lines = ""] = await blocks("cli", "sh");
  expect(lines).toContain("npx tutti demo --rounds 1");
  // one tab that need not measure its backends, and more devices, so that each has few rows: the same in a third of the time
  const quick = lines.replace("--rounds 1 --tabs 2", "--rounds 1 --tabs 1 --devices 60 --backend wasm --threads 1");
  expect(quick).not.toBe(lines);
  const { stdout } = await run("sh", ["-e", "-c", quick], folder);
  expect(stdout).toMatch(/newcomer .* 288 .*\n/);
  expect(stdout).toMatch(/The parcel came two days late\n {2}(delivery|quality|service|price) +0\.\d{3} /);
  const [runId = ""] = await readdir(join(folder, "first"));
  expect(stdout).toContain(`${runId}  done`);
  expect(await readdir(join(folder, "first", runId))).toEqual(
    expect.arrayContaining(["report.html", "results.json", "prompts.safetensors"]),
  );
});

test("`tutti serve` shows the pages, the backbone and the data of the command until Ctrl-C", async () => {
  const tutti = join(packageFolder("cli"), "bin/tutti.mjs");
  const serving = start(process.execPath, [tutti, "serve", "--host", "127.0.0.1", "--port", "0"], folder);
  await expect(() => expect(serving.said.stdout).toMatch(/^open http.*\n/m)).toPass();
  const [, url = ""] = /^open (\S+)$/m.exec(serving.said.stdout) ?? [];
  const page = await (await fetch(url)).text();
  const [script = ""] = /assets\/[\w.-]+\.js/.exec(page) ?? [];
  for (const path of [script, "backbones/minuet/manifest.json", "datasets/feedback/train.jsonl"])
    expect((await fetch(new URL(path, `${url}/`))).status, path).toBe(200);
  serving.child.kill("SIGINT");
  expect((await serving.ended).code).toBe(130);
});

test("what is added where the command is called is kept there and served beside what is built in", async () => {
  const tutti = (...args: string[]) => run(process.execPath, [join(packageFolder("cli"), "bin/tutti.mjs"), ...args], folder);
  expect((await tutti("data", "list")).stdout).toContain("feedback");
  expect(await readdir(folder)).not.toContain("public");
  const rows = Array.from({ length: 40 }, (_, row) => `message ${row},${row % 2 === 0 ? "good" : "bad"}\n`);
  await writeFile(join(folder, "mine.csv"), `text,label\n${rows.join("")}`);
  await tutti("data", "add", "mine.csv", "--name", "mine");
  expect(await readdir(join(folder, "public/datasets"))).toEqual(["feedback", "mine", "replies"]);
  expect(await readdir(join(folder, "public/backbones"))).toEqual(["concerto", "etude", "minuet"]);
  const { stdout } = await start(
    process.execPath,
    ["--input-type=module", "--eval", 'import { publicFolder } from "@tutti/server/checkout"; console.log(publicFolder());'],
    folder,
    { TUTTI_HOME: packageFolder("cli") },
  ).ended;
  expect(stdout.trim()).toBe(join(await realpath(folder), "public"));
});

test("the command loads a strategy from JavaScript, and from TypeScript where Node reads it", async () => {
  const strategy = `import { declareStrategy, globalModel, number } from "@tutti/core";
const decisions = globalModel({ step: ({ tensors }) => tensors });
const said = { name: "mine", title: "Mine", about: "Nothing moves.", publication: null, deviations: [], rules: [], methods: {} };
export const mine = declareStrategy({ ...said, settings: { rate: number(0, 1).default(0.5) }, needsSingleContributions: () => false, decisions });
`;
  const elsewhere = mkdtempSync(join(tmpdir(), "tutti-elsewhere-"));
  const refusalOf = async (module: string) => {
    await writeFile(join(elsewhere, module), strategy);
    await writeFile(join(elsewhere, "mine.yaml"), `run:\n  strategy: { module: ${module}, rate: 2 }\n`);
    const { stderr } = await start(process.execPath, [join(packageFolder("cli"), "bin/tutti.mjs"), "run", "start", "mine.yaml"], elsewhere)
      .ended;
    return stderr;
  };
  const ofSetting = "run.strategy.rate: found 2, expected a number from 0 to 1";
  expect(await refusalOf("mine.mjs")).toContain(ofSetting);
  expect(await refusalOf("mine.ts")).toContain(
    "typescript" in process.features ? ofSetting : "reads no TypeScript: use Node 22.18 or newer",
  );
  await rm(elsewhere, { recursive: true });
});

test("what needs a checkout says so", async () => {
  const { code, stderr } = await start(process.execPath, [join(packageFolder("cli"), "bin/tutti.mjs"), "serve", "--dev"], folder).ended;
  expect(code).toBe(2);
  expect(stderr).toContain("--dev builds the pages from their sources, which an installed tutti does not have");
});
