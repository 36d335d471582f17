import { rm } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { formatBytes, formatCount, formatWhole } from "@tutti/core";
import type { BackboneManifest, BackendName, ConvertReport, ExpectedLogits, PackedBackbone, TensorEncoding } from "@tutti/model";
import { createProgress } from "../progress.ts";
import { useText } from "../useText.ts";
import { expectedFile, readExpectedBeside } from "./expected.ts";
import { type CheckpointPlace, cardOf, nameOf, namesIn, placeOf, requireName } from "./folders.ts";
import { percent } from "./text.ts";

export interface AddFlags {
  readonly encoding: TensorEncoding;
  readonly name?: string;
  readonly source?: string;
  readonly licence?: string;
  readonly backbones: string;
  /** False for weights alone. */
  readonly tokenizer: boolean;
  /** False leaves out what has to be computed: the logits' error and the admission test's numbers. */
  readonly check: boolean;
  readonly downloads: string;
}

const progress = createProgress();

/** Above this number of parameters the plain CPU takes minutes for one text. */
const maxCpuParameters = 50e6;

/** `tutti backbone add`. */
export async function add(target: string, flags: AddFlags): Promise<void> {
  const place = await placeOf(target);
  const name = flags.name ?? nameOf(place);
  await requireName(flags.backbones, name);
  const isReplacing = (await namesIn(flags.backbones)).includes(name);
  const { convertBackbone } = await import("@tutti/model/node");
  const checkpoint = await fetched(place, flags.downloads);
  const expected = await readExpectedBeside(checkpoint.folder);
  const { card, licence } = await cardOf(checkpoint.folder);
  const out = join(flags.backbones, name);
  const options = {
    name,
    encoding: flags.encoding,
    source: flags.source ?? checkpoint.source ?? basename(resolve(checkpoint.folder)),
    licence: flags.licence ?? checkpoint.licence ?? licence ?? "unknown",
    hasTokenizer: flags.tokenizer,
    ...(card === null ? {} : { card }),
    onProgress: ({ doneTensors, totalTensors }: { doneTensors: number; totalTensors: number }) =>
      progress.say(`converting tensor ${doneTensors} of ${totalTensors}`),
  };
  const outcome: { checked?: Checked } = {};
  const report = await convertBackbone(checkpoint.folder, out, options, {
    check: async (folder, { manifest }) => {
      outcome.checked = await check({ checkpoint: checkpoint.folder, folder, manifest, expected, computes: flags.check });
    },
  }).finally(() => progress.clear());
  if (checkpoint.isDownload) await rm(checkpoint.folder, { recursive: true });
  say({ out, isReplacing, ...report, ...outcome.checked });
}

interface Added extends Omit<ConvertReport, "manifest">, Checked {
  readonly out: string;
  readonly isReplacing: boolean;
}

function say({ out, isReplacing, manifest, tensors, warnings, expectedErrors }: Added): void {
  const { config, shards, errors } = manifest;
  const text = manifest.tokenizer === null ? "no tokenizer" : `${formatBytes(manifest.tokenizer.numBytes)} of tokenizer`;
  console.log(
    `${out}: ${config.family}, ${formatWhole(manifest.numParameters)} parameters, ${formatWhole(config.vocabSize)} tokens, ${config.maxPositions} positions`,
  );
  console.log(
    `${manifest.encoding}: ${formatBytes(manifest.numBytes)} in ${formatCount(shards.length, "shard")}, and ${text}; licence: ${manifest.licence}`,
  );
  if (isReplacing) console.log("It replaces the earlier backbone of that name.");
  for (const warning of warnings) console.log(`Note: ${warning}`);
  const worst = tensors.reduce((a, b) => (b.relativeError > a.relativeError ? b : a));
  const logits = errors?.logits === undefined ? "" : `, logits ${percent(errors.logits)}`;
  console.log(
    `Relative error of the encoding: weights ${percent(errors?.weights ?? 0)}, worst tensor ${percent(worst.relativeError)} (${worst.name})${logits}`,
  );
  if (expectedErrors !== undefined) {
    const { original, stored } = expectedErrors;
    console.log(
      `${expectedFile}: relative error of the logits ${original.toExponential(1)} before the encoding, ${stored.toExponential(1)} as stored`,
    );
  }
  // weights alone read no texts, so no run can use them
  if (manifest.tokenizer !== null) console.log(useText({ kind: "backbones", name: manifest.name, folder: out }));
}

interface Checks {
  /** Folders of the checkpoint and of the backbone that was made from it. */
  readonly checkpoint: string;
  readonly folder: string;
  readonly manifest: BackboneManifest;
  readonly expected: ExpectedLogits | null;
  /** Whether the logits' error and the admission test's numbers are computed. */
  readonly computes: boolean;
}

interface Checked {
  readonly manifest: BackboneManifest;
  readonly expectedErrors?: { readonly original: number; readonly stored: number };
}

/** What is computed before a backbone takes its place: its answers beside those of `expected.json`, the encoding's error, the admission test's numbers. */
async function check({ checkpoint, folder, manifest, expected, computes }: Checks): Promise<Checked> {
  if (expected === null && !computes) return { manifest };
  const { computeAdmission, logitsError, startBackend } = await import("@tutti/model");
  const node = await import("@tutti/model/node");
  const { name: backend } = await startBackend(manifest.numParameters > maxCpuParameters ? "wasm" : "cpu");
  const original = await node.openCheckpointFolder(checkpoint, node.checkpointFolder(checkpoint));
  const stored = await node.openBackboneFolder(folder);
  const expectedErrors = expected === null ? undefined : await compareExpected({ original, stored }, expected, backend);
  const compared = expectedErrors === undefined ? {} : { expectedErrors };
  if (!computes) return { manifest, ...compared };
  progress.say("computing the logits' error on a few sentences");
  const logits = await logitsError(original, stored);
  progress.say("computing the admission test's golden numbers");
  await node.addAdmission(folder, computeAdmission);
  const amended = await node.amendManifest(folder, (found) => ({
    ...found,
    ...(found.errors === undefined ? {} : { errors: { ...found.errors, logits } }),
  }));
  return { manifest: amended, ...compared };
}

/** The checkpoint itself must give the expected logits in f32, whatever it is stored as; what is stored is as far off as its encoding makes it. */
async function compareExpected(
  { original, stored }: { readonly original: PackedBackbone; readonly stored: PackedBackbone },
  expected: ExpectedLogits,
  backend: BackendName,
) {
  const { expectedError, expectedTolerance } = await import("@tutti/model");
  progress.say(`computing the logits of ${expectedFile}`);
  const errors = { original: await expectedError(original, expected), stored: await expectedError(stored, expected) };
  requireWithin(errors.original, expectedTolerance("f32", backend), "the checkpoint");
  if (stored.manifest?.encoding === "f32") requireWithin(errors.stored, expectedTolerance("f32", backend), "the backbone as stored");
  return errors;
}

function requireWithin(error: number, tolerance: number, what: string): void {
  if (error <= tolerance) return;
  throw new Error(
    `${expectedFile}: relative error of the logits of ${what} ${error.toExponential(1)}, at most ${tolerance.toExponential(0)} is right; ` +
      "nothing was added",
  );
}

interface Checkpoint {
  readonly folder: string;
  readonly source: string | null;
  readonly licence: string | null;
  readonly isDownload: boolean;
}

async function fetched(place: CheckpointPlace, downloads: string): Promise<Checkpoint> {
  if (place.kind === "folder") return { folder: place.folder, source: null, licence: null, isDownload: false };
  const { downloadModel } = await import("@tutti/model/node");
  const { HF_ENDPOINT: hubUrl, HF_TOKEN: accessToken } = process.env;
  const { commit, folder, licence } = await downloadModel({
    id: place.id,
    folder: join(downloads, place.id.replace("/", "--")),
    ...(place.revision === null ? {} : { revision: place.revision }),
    ...(hubUrl === undefined || hubUrl === "" ? {} : { hubUrl }),
    ...(accessToken === undefined || accessToken === "" ? {} : { accessToken }),
    onProgress: ({ file, doneBytes, totalBytes }) => progress.say(`${file}: ${formatBytes(doneBytes)} of ${formatBytes(totalBytes)}`),
  });
  return { folder, source: `${place.id}@${commit.slice(0, 12)}`, licence, isDownload: true };
}
