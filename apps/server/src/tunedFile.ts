import { createHash } from "node:crypto";
import { nameOrderedBytes, type Params, type RunSettings, type Tensor, writeSafetensors } from "@tutti/core";
import { sha256Of } from "./http/blobs.ts";

/** What a run has tuned by its latest closed step. */
export interface TunedNow {
  /** Every trained parameter, as a newcomer gets it. */
  readonly params: Params;
  /** Names that devices share; a device that took part has its own of the others. */
  readonly sharedNames: readonly string[];
  /** The latest training round that changed them; 0 where the run only started from them. */
  readonly round: number;
}

/** The same as a file (P-185). */
export interface TunedFile {
  readonly bytes: Uint8Array;
  /** Of the file's bytes. */
  readonly sha256: string;
  readonly parametersSha256: string;
  readonly round: number;
}

/** Where the files come from. */
export interface TunedFileSources {
  readonly runId: string;
  readonly run: RunSettings;
  /** Null while nothing is tuned. */
  tuned(): TunedNow | null;
}

/** Writes what a run has tuned as a safetensors file, once for each state however often it is asked for. */
export function createTunedFiles({ runId, run, tuned }: TunedFileSources): () => TunedFile | null {
  let last: { readonly now: TunedNow; readonly file: TunedFile } | null = null;
  return () => {
    const now = tuned();
    if (now === null) return null;
    if (last === null || !isSame(last.now, now)) last = { now, file: fileOf(now, runId, run) };
    return last.file;
  };
}

/** A tensor that a step leaves alone is the same object. */
function isSame(a: TunedNow, b: TunedNow): boolean {
  const names = Object.keys(b.params);
  const isKept = (name: string) => dataOf(a.params[name]) === dataOf(b.params[name]);
  return a.round === b.round && names.length === Object.keys(a.params).length && names.every(isKept);
}

function dataOf(tensor: Tensor | undefined): Float32Array | null {
  return tensor?.data ?? null;
}

function fileOf({ params, sharedNames, round }: TunedNow, runId: string, run: RunSettings): TunedFile {
  const parametersSha256 = createHash("sha256").update(nameOrderedBytes(params)).digest("hex");
  const { backbone, task, tuning } = run;
  const bytes = writeSafetensors(params, {
    format: "tutti-prompts-1",
    runId,
    backbone,
    task,
    head: tuning.head,
    round: String(round),
    parametersSha256,
    sharedNames: JSON.stringify([...sharedNames].sort()),
    settings: JSON.stringify(run),
  });
  return { bytes, sha256: sha256Of(bytes), parametersSha256, round };
}
