import { readFile, writeFile } from "node:fs/promises";
import type { BackendName, GoldenErrors } from "@tutti/model";
import { UsageError } from "../exitCodes.ts";
import { folderOf } from "./folders.ts";
import { table } from "./text.ts";

export interface VerifyFlags {
  readonly backbones: string;
  readonly golden?: string;
  readonly backend: BackendName;
  readonly tolerance?: number;
  readonly spectrum: boolean;
  readonly json?: string;
}

/** `tutti backbone verify`: the files' hashes, or every golden number computed again. */
export async function verify(name: string, flags: VerifyFlags): Promise<void> {
  if (flags.json !== undefined && flags.golden === undefined)
    throw new UsageError("--json holds the errors that --golden FILE computes: give both");
  const folder = await folderOf(flags.backbones, name);
  const { findDamage, loadBackboneFolder } = await import("@tutti/model/node");
  const damage = await findDamage(folder);
  if (damage.length > 0) throw new Error(`${name} is damaged: ${damage.join("; ")}. Add it again`);
  console.log(`${folder}: every file has the hash that the manifest says`);
  if (flags.golden === undefined) return;
  const golden = await readGolden(flags.golden);
  const { goldenTolerance, startBackend, verifyBackbone } = await import("@tutti/model");
  if (flags.backend === "webgpu") await needGpu();
  const { name: backend, adapter } = await startBackend(flags.backend);
  const options = flags.spectrum && backend !== "webgpu" ? {} : { hasSpectrum: flags.spectrum };
  const errors = await verifyBackbone(await loadBackboneFolder(folder), golden, options);
  const judged = judge(errors, (kind) => toleranceOf(goldenTolerance(kind, backend), flags.tolerance));
  if (flags.json !== undefined)
    await writeFile(flags.json, `${JSON.stringify({ backbone: name, backend, adapter, kinds: judged }, null, 2)}\n`);
  const rows = judged.map(({ kind, error, tolerance, isWithin }) => [
    kind,
    error.toExponential(1),
    tolerance === null ? "-" : tolerance.toExponential(0),
    tolerance === null ? "-" : isWithin ? "ok" : "PAST",
  ]);
  console.log(table([[`largest relative error on ${backend}`, "error", "tolerance", ""], ...rows]));
  const past = judged.filter(({ isWithin }) => !isWithin).map(({ kind }) => kind);
  if (past.length > 0) throw new Error(`past the tolerance: ${past.join(", ")}`);
}

function judge(errors: GoldenErrors, toleranceFor: (kind: string) => number | null) {
  return Object.entries(errors).map(([kind, error]) => {
    const tolerance = toleranceFor(kind);
    return { kind, error, tolerance, isWithin: tolerance === null || error <= tolerance };
  });
}

function toleranceOf(usual: number | null, asked: number | undefined): number | null {
  return usual === null || asked === undefined ? usual : Math.max(usual, asked);
}

async function readGolden(path: string): Promise<unknown> {
  const text = await readFile(path, "utf8").catch(() => {
    throw new UsageError(`${path} cannot be read: give a golden.json`);
  });
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Error(`${path} is not JSON`, { cause });
  }
}

async function needGpu(): Promise<void> {
  const { provideNodeGpu } = await import("@tutti/model/node");
  if (!(await provideNodeGpu()))
    throw new Error(
      "this machine has no WebGPU adapter for Node; with a Vulkan driver named by LD_LIBRARY_PATH and VK_ICD_FILENAMES (Chromium's folder has a software one) it may have, and --backend wasm or cpu computes without",
    );
}
