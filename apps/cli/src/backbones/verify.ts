import { readFile, stat, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { BackendName } from "@tutti/model";
import { UsageError } from "../exitCodes.ts";
import { provideAdapter } from "../nodeAdapter.ts";
import { createProgress } from "../progress.ts";
import { readExpected } from "./expected.ts";
import { folderOf } from "./folders.ts";
import { table } from "./text.ts";

export interface VerifyFlags {
  readonly backbones: string;
  readonly golden?: string;
  readonly expected?: string;
  readonly backend: BackendName;
  readonly tolerance?: number;
  readonly spectrum: boolean;
  readonly json?: string;
}

/** `tutti backbone verify`: the files' hashes, or every golden number computed again. */
export async function verify(name: string, flags: VerifyFlags): Promise<void> {
  if (flags.json !== undefined && flags.golden === undefined && flags.expected === undefined)
    throw new UsageError("--json writes the errors of --golden FILE or --expected FILE: give one of them too");
  if (flags.json !== undefined) await requireFolderOf(flags.json);
  const folder = await folderOf(flags.backbones, name);
  const golden = flags.golden === undefined ? null : { numbers: await readGolden(flags.golden) };
  const expected = flags.expected === undefined ? null : await readExpected(flags.expected);
  if ((golden !== null || expected !== null) && flags.backend === "webgpu") {
    const exitCode = await provideAdapter();
    if (exitCode !== null) {
      process.exitCode = exitCode;
      return;
    }
  }
  const { findDamage, loadBackboneFolder } = await import("@tutti/model/node");
  const damage = await findDamage(folder);
  if (damage.length > 0) throw new Error(`${name} is damaged: ${damage.join("; ")}. Add it again`);
  console.log(`${folder}: all files match the hashes in the manifest`);
  if (golden === null && expected === null) return;
  const { expectedError, expectedTolerance, startBackend, verifyBackbone } = await import("@tutti/model");
  const { name: backend, adapter } = await startBackend(flags.backend);
  const backbone = await loadBackboneFolder(folder);
  if (adapter !== null) console.log(`computing on ${backend}: ${adapter}`);
  const encoding = backbone.manifest?.encoding ?? "f32";
  const judged: Judged[] = [];
  if (expected !== null) {
    const error = await expectedError(backbone, expected);
    judged.push({ kind: "expected logits", error, tolerance: expectedTolerance(encoding, backend) });
  }
  if (golden !== null) {
    const { goldenTolerance } = await import("@tutti/model");
    const progress = createProgress();
    const errors = await verifyBackbone(backbone, golden.numbers, {
      ...(flags.spectrum && backend !== "webgpu" ? {} : { hasSpectrum: flags.spectrum }),
      onProgress: ({ done, total }) => progress.bar(`golden numbers on ${backend}`, done, total),
    }).finally(() => progress.clear());
    judged.push(...Object.entries(errors).map(([kind, error]) => ({ kind, error, tolerance: goldenTolerance(kind, backend) })));
  }
  await report(judged, { ...flags, name, backend, adapter, encoding });
}

/** An error of one kind of number, and the largest that is right. */
interface Judged {
  readonly kind: string;
  readonly error: number;
  readonly tolerance: number;
}

interface Verified extends VerifyFlags {
  readonly name: string;
  readonly adapter: string | null;
  readonly encoding: string;
}

async function report(found: readonly Judged[], { name, backend, adapter, encoding, tolerance: asked, json }: Verified): Promise<void> {
  const judged = found.map(({ kind, error, tolerance: usual }) => {
    const tolerance = Math.max(usual, asked ?? 0);
    return { kind, error, tolerance, isWithin: error <= tolerance };
  });
  if (json !== undefined) await writeFile(json, `${JSON.stringify({ backbone: name, backend, adapter, kinds: judged }, null, 2)}\n`);
  const rows = judged.map(({ kind, error, tolerance, isWithin }) => [
    kind,
    error.toExponential(1),
    tolerance.toExponential(0),
    isWithin ? "ok" : "TOO LARGE",
  ]);
  console.log(table([[`largest relative error on ${backend}`, "error", "tolerance", ""], ...rows]));
  const past = judged.filter(({ isWithin }) => !isWithin).map(({ kind }) => kind);
  const hint = hintOf(encoding, Math.max(...judged.map(({ error }) => error)));
  if (past.length > 0) throw new Error(`above the tolerance: ${past.join("; ")}${hint}`);
}

/** Errors as large as the numbers themselves come from no rounding and from no encoding. */
const unrelatedError = 0.5;

function hintOf(encoding: string, worstError: number): string {
  if (worstError > unrelatedError) return " (so large that the file is probably of another checkpoint)";
  return encoding === "f32" ? "" : ` (the weights are stored as ${encoding}, which changes the numbers: a larger --tolerance allows it)`;
}

/** Before minutes of computing rather than after them. */
async function requireFolderOf(path: string): Promise<void> {
  const folder = await stat(dirname(path)).catch(() => null);
  if (folder?.isDirectory() !== true) throw new UsageError(`${path} cannot be written: there is no folder ${dirname(path)}`);
}

async function readGolden(path: string): Promise<unknown> {
  const text = await readFile(path, "utf8").catch(() => {
    throw new UsageError(`${path} cannot be read: give a golden.json`);
  });
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Error(`${path} is not JSON: give a golden.json`, { cause });
  }
}
