import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { projectFolder } from "@tutti/server/checkout";
import { commandWorks, runCommand } from "./commands.ts";
import { type BenchRow, missingRow, row } from "./rows.ts";
import { findVulkanLoader } from "./vulkanLoader.ts";

const name = "tutti-gpu-bench";
const here = fileURLToPath(new URL(".", import.meta.url));

/**
 * Makes dist/gpu-bench/tutti-gpu-bench.tar.xz, which measures the GPU of a machine without Node and without network, and tries it out:
 * unpacked elsewhere, in an empty environment, on the software adapter.
 */
export async function benchGpu(): Promise<BenchRow[]> {
  if (process.platform !== "linux" || process.arch !== "x64")
    throw new Error(`the GPU pack is made on Linux x86-64, not on ${process.platform} ${process.arch}`);
  const out = join(projectFolder, "dist/gpu-bench");
  const folder = join(out, name);
  await rm(out, { recursive: true, force: true });
  for (const part of ["bin", "lib", "licences", "node_modules/webgpu/dist/linux-x64"]) await mkdir(join(folder, part), { recursive: true });
  await copyNode(folder);
  await copyDawn(folder);
  const loader = await copyLoader(folder);
  await bundle(folder);
  await copyFile(join(here, "gpuRun.sh"), join(folder, "run.sh"));
  await chmod(join(folder, "run.sh"), 0o755);
  const archive = await compress(out);
  const { size } = await stat(archive);
  const note = `${relative(projectFolder, archive)}; loader from ${loader}`;
  return [{ ...row("GPU pack", size / 1e6, "MB", { atMost: 40 }), note }, await tryOut(archive)];
}

/** Node as it runs here, without its symbols where they can be taken off. */
async function copyNode(folder: string): Promise<void> {
  const node = join(folder, "bin/node");
  await copyFile(process.execPath, node);
  await chmod(node, 0o755);
  if (await commandWorks("strip", ["--version"])) await runCommand("strip", [node]);
  for (const licence of [
    join(dirname(process.execPath), "../LICENSE"),
    "/usr/share/doc/nodejs/copyright",
    "/usr/share/doc/nodejs/LICENSE",
  ]) {
    if (
      await copyFile(licence, join(folder, "licences/node.txt")).then(
        () => true,
        () => false,
      )
    )
      return;
  }
  await writeFile(
    join(folder, "licences/node.txt"),
    `Node.js ${process.version}, MIT licence: https://github.com/nodejs/node/blob/${process.version}/LICENSE\n`,
  );
}

/** Dawn's binding, of this platform alone. */
async function copyDawn(folder: string): Promise<void> {
  const from = dirname(createRequire(import.meta.url).resolve("webgpu"));
  const to = join(folder, "node_modules/webgpu");
  for (const file of ["package.json", "index.js", "dist/linux-x64/dawn.node"]) await copyFile(join(from, file), join(to, file));
  await copyFile(join(from, "LICENSE.md"), join(folder, "licences/dawn.md"));
  if (await commandWorks("strip", ["--version"])) await runCommand("strip", [join(to, "dist/linux-x64/dawn.node")]);
}

/** The Vulkan loader; says where it was found. */
async function copyLoader(folder: string): Promise<string> {
  const work = await mkdtemp(join(tmpdir(), "tutti-loader-"));
  try {
    const { library, licence, origin } = await findVulkanLoader(work);
    await copyFile(library, join(folder, "lib/libvulkan.so.1"));
    if (licence !== null) await copyFile(licence, join(folder, "licences/vulkan-loader.txt"));
    return origin;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

interface BundleScript {
  /** Writes `<outDir>/<name>.mjs` from a TypeScript entry. */
  bundleProgram(options: { root: string; entry: string; outDir: string; name: string }): Promise<void>;
}

/** The bench in one file. */
async function bundle(folder: string): Promise<void> {
  const script: BundleScript = await import(pathToFileURL(join(projectFolder, "scripts/bundle-gpu-bench.mjs")).href);
  await script.bundleProgram({ root: projectFolder, entry: join(here, "gpuMain.ts"), outDir: folder, name: "gpuMain" });
}

async function compress(out: string): Promise<string> {
  const archive = join(out, `${name}.tar`);
  await runCommand("tar", ["--create", "--owner=0", "--group=0", "--sort=name", `--file=${archive}`, `--directory=${out}`, name]);
  if (!(await commandWorks("xz", ["--version"]))) throw new Error("the GPU pack needs xz: install xz-utils and try again");
  await runCommand("xz", ["-4", "--threads=0", "--force", archive]);
  return `${archive}.xz`;
}

/** Unpacks it elsewhere and runs it with an empty environment on the software adapter, tiny sizes. */
async function tryOut(archive: string): Promise<BenchRow> {
  const label = "the pack's own run, software adapter, tiny sizes";
  const folder = await mkdtemp(join(tmpdir(), "tutti-gpu-bench-"));
  try {
    await runCommand("tar", ["--extract", `--file=${archive}`, `--directory=${folder}`]);
    const json = join(folder, "rows.json");
    const start = performance.now();
    await runCommand("env", ["-i", join(folder, name, "run.sh"), "--adapter", "software", "--quick", "--json", json]);
    const seconds = (performance.now() - start) / 1000;
    const { rows, machine } = JSON.parse(await readFile(json, "utf8")) as { rows: BenchRow[]; machine: string };
    const missing = rows.filter(({ value }) => value === null).map((one) => `${one.name}: ${one.note ?? ""}`);
    if (missing.length > 0) return missingRow(label, "s", missing.join("; "), { atMost: 300 });
    return { ...row(label, seconds, "s", { atMost: 300 }), note: `${rows.length} rows on ${machine}` };
  } catch (error) {
    return missingRow(label, "s", error instanceof Error ? error.message : String(error), { atMost: 300 });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
