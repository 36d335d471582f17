import { rm } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import type { BackboneManifest, TensorEncoding } from "@tutti/model";
import { createProgress } from "../progress.ts";
import { type CheckpointPlace, cardOf, nameOf, namesIn, placeOf, requireName } from "./folders.ts";
import { count, percent, size, some } from "./text.ts";

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

/** Above so many parameters the plain CPU takes minutes for one text. */
const maxCpuParameters = 50e6;

/** `tutti backbone add`. */
export async function add(target: string, flags: AddFlags): Promise<void> {
  const place = await placeOf(target);
  const name = flags.name ?? nameOf(place);
  await requireName(flags.backbones, name);
  const isReplacing = (await namesIn(flags.backbones)).includes(name);
  const { convertBackbone } = await import("@tutti/model/node");
  const checkpoint = await fetched(place, flags.downloads);
  const { card, licence } = await cardOf(checkpoint.folder);
  const out = join(flags.backbones, name);
  const { manifest, tensors } = await convertBackbone(checkpoint.folder, out, {
    name,
    encoding: flags.encoding,
    source: flags.source ?? checkpoint.source ?? basename(resolve(checkpoint.folder)),
    licence: flags.licence ?? checkpoint.licence ?? licence ?? "unknown",
    hasTokenizer: flags.tokenizer,
    ...(card === null ? {} : { card }),
    onProgress: ({ doneTensors, totalTensors }) => progress.say(`converting tensor ${doneTensors} of ${totalTensors}`),
  });
  const checked = flags.check ? await check(checkpoint.folder, out, manifest) : manifest;
  if (checkpoint.isDownload) await rm(checkpoint.folder, { recursive: true });
  progress.clear();
  const { config, shards, errors } = checked;
  const text = checked.tokenizer === null ? "no tokenizer" : `${size(checked.tokenizer.numBytes)} of tokenizer`;
  console.log(
    `${out}: ${config.family}, ${count(checked.numParameters)} parameters, ${count(config.vocabSize)} tokens, ${config.maxPositions} positions`,
  );
  console.log(
    `${checked.encoding}: ${size(checked.numBytes)} in ${some(shards.length, "shard")}, and ${text}; licence: ${checked.licence}`,
  );
  if (isReplacing) console.log("It takes the place of the backbone of that name that was there.");
  const worst = tensors.reduce((a, b) => (b.relativeError > a.relativeError ? b : a));
  const logits = errors?.logits === undefined ? "" : `, logits ${percent(errors.logits)}`;
  console.log(
    `Error of the encoding: weights ${percent(errors?.weights ?? 0)}, worst tensor ${percent(worst.relativeError)} (${worst.name})${logits}`,
  );
}

async function check(checkpointFolder: string, out: string, manifest: BackboneManifest): Promise<BackboneManifest> {
  const { computeAdmission, logitsError, startBackend } = await import("@tutti/model");
  const node = await import("@tutti/model/node");
  await startBackend(manifest.numParameters > maxCpuParameters ? "wasm" : "cpu");
  progress.say("computing the logits' error on a few sentences");
  const original = await node.openCheckpointFolder(checkpointFolder, node.checkpointFolder(checkpointFolder));
  const logits = await logitsError(original, await node.openBackboneFolder(out));
  progress.say("computing the admission test's golden numbers");
  await node.addAdmission(out, computeAdmission);
  return node.amendManifest(out, (found) => ({ ...found, ...(found.errors === undefined ? {} : { errors: { ...found.errors, logits } }) }));
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
    onProgress: ({ file, doneBytes, totalBytes }) => progress.say(`${file}: ${size(doneBytes)} of ${size(totalBytes)}`),
  });
  return { folder, source: `${place.id}@${commit.slice(0, 12)}`, licence, isDownload: true };
}
