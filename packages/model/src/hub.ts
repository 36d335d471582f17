import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, open, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { downloadFile, HubApiError, listFiles, modelInfo } from "@huggingface/hub";
import { type CheckpointFiles, weightFiles } from "./backbone/checkpointFiles.ts";

/** Which model to fetch, from where, and into which folder. */
export interface HubRequest {
  /** Such as `FacebookAI/roberta-base`. */
  readonly id: string;
  /** Branch, tag or commit; by default the main branch. */
  readonly revision?: string;
  /** By default https://huggingface.co; the hub library does not read HF_ENDPOINT. */
  readonly hubUrl?: string;
  readonly accessToken?: string;
  /** Files go into a folder in here for each commit; what an earlier attempt left is continued. */
  readonly folder: string;
  readonly onProgress?: (progress: { readonly file: string; readonly doneBytes: number; readonly totalBytes: number }) => void;
  readonly fetch?: typeof globalThis.fetch;
  /** Waits before a broken download is taken up again. */
  readonly wait?: (milliseconds: number) => Promise<unknown>;
}

/** What was fetched. */
export interface HubModel {
  /** The commit that all files are of. */
  readonly commit: string;
  /** Where they lie. */
  readonly folder: string;
  readonly licence: string | null;
}

interface Listed {
  readonly path: string;
  readonly size: number;
  readonly sha256: string | null;
}

const texts = ["config.json", "tokenizer.json", "tokenizer_config.json", "README.md"];
const attemptsWithoutProgress = 5;

/** Downloads a model's configuration, tokenizer, card and safetensors files; broken connections are taken up where they broke. Node only. */
export async function downloadModel(request: HubRequest): Promise<HubModel> {
  try {
    return await download(request);
  } catch (error) {
    throw explained(error, request);
  }
}

async function download(request: HubRequest): Promise<HubModel> {
  const { id, revision } = request;
  const access = accessOf(request);
  const { sha: commit, cardData } = await modelInfo({
    name: id,
    additionalFields: ["sha", "cardData"],
    ...(revision === undefined ? {} : { revision }),
    ...access,
  });
  const listed = new Map<string, Listed>();
  for await (const { type, path, size, lfs } of listFiles({ repo: id, revision: commit, ...access }))
    if (type === "file") listed.set(path, { path, size: lfs?.size ?? size, sha256: lfs?.oid ?? null });
  const folder = join(request.folder, commit);
  await mkdir(folder, { recursive: true });
  const weights = await weightFiles(remoteFiles(request, commit, listed));
  const index = weights.includes("model.safetensors") ? [] : ["model.safetensors.index.json"];
  for (const name of [...texts, ...index, ...weights]) {
    const file = listed.get(name);
    if (file !== undefined) await downloadWhole({ ...request, folder }, commit, file);
    else if (weights.includes(name)) throw new Error(`${id} has an index that names ${name}, which is not on the hub`);
  }
  const licence: unknown = cardData?.license;
  return { commit, folder, licence: typeof licence === "string" ? licence : Array.isArray(licence) ? licence.join(", ") : null };
}

function accessOf({ hubUrl, accessToken, fetch }: HubRequest) {
  return {
    ...(hubUrl === undefined ? {} : { hubUrl: hubUrl.replace(/\/+$/, "") }),
    ...(accessToken === undefined ? {} : { accessToken }),
    ...(fetch === undefined ? {} : { fetch }),
  };
}

/** The listing as files that can be asked for: enough to find out which hold the weights. */
function remoteFiles(request: HubRequest, commit: string, listed: ReadonlyMap<string, Listed>): CheckpointFiles {
  return {
    size: async (file) => listed.get(file)?.size ?? null,
    read: async (file, start, length) => {
      const blob = await blobOf(request, commit, file);
      return new Uint8Array(await blob.slice(start, start + length).arrayBuffer());
    },
  };
}

async function blobOf(request: HubRequest, commit: string, path: string): Promise<Blob> {
  const blob = await downloadFile({ repo: request.id, path, revision: commit, xet: false, ...accessOf(request) });
  if (blob === null) throw new Error(`${request.id} lists ${path}, but the hub does not have it`);
  return blob;
}

async function downloadWhole(request: HubRequest, commit: string, file: Listed): Promise<void> {
  const path = join(request.folder, file.path);
  if ((await sizeOf(path)) === file.size) return;
  const part = `${path}.part`;
  await continueUntilWhole(request, commit, file, part);
  const found = file.sha256 === null ? null : await sha256Of(part);
  if (found !== file.sha256) {
    await rm(part);
    throw new Error(`${file.path} of ${request.id} arrived damaged: its SHA-256 is ${found}, the hub says ${file.sha256}; fetch it again`);
  }
  await rename(part, path);
}

async function continueUntilWhole(request: HubRequest, commit: string, file: Listed, part: string): Promise<void> {
  const { wait = delay } = request;
  let failures = 0;
  for (let done = (await sizeOf(part)) ?? 0; done < file.size; ) {
    let failure: unknown = null;
    try {
      await append(request, commit, file, { part, from: done });
    } catch (error) {
      if (error instanceof HubApiError || isFullDisk(error)) throw error;
      failure = error;
    }
    const reached = (await sizeOf(part)) ?? 0;
    if (reached > file.size) throw new Error(`${file.path} of ${request.id}: the hub sent ${reached} bytes, it listed ${file.size}`);
    failures = reached > done ? 0 : failures + 1;
    if (failures >= attemptsWithoutProgress) {
      const why = `${file.path} of ${request.id}: stopped at ${reached} of ${file.size} bytes, ${failures} attempts brought nothing more`;
      throw new Error(`${why}; the same command continues there`, { cause: failure });
    }
    done = reached;
    if (done < file.size) await wait(500 * 2 ** failures);
  }
  if (file.size === 0) await (await open(part, "a")).close();
}

async function append(request: HubRequest, commit: string, file: Listed, { part, from }: { part: string; from: number }): Promise<void> {
  const blob = await blobOf(request, commit, file.path);
  const handle = await open(part, "a");
  let doneBytes = from;
  try {
    for await (const chunk of blob.slice(from, file.size).stream()) {
      await handle.write(chunk);
      doneBytes += chunk.length;
      request.onProgress?.({ file: file.path, doneBytes, totalBytes: file.size });
    }
  } finally {
    await handle.close();
  }
}

function isFullDisk(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOSPC";
}

async function sizeOf(path: string): Promise<number | null> {
  return stat(path).then(
    ({ size }) => size,
    () => null,
  );
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  return hash.digest("hex");
}

/** What the hub's answers mean for the person who asked. */
function explained(error: unknown, { id, hubUrl = "https://huggingface.co", accessToken }: HubRequest): unknown {
  if (error instanceof HubApiError) {
    const token = accessToken === undefined ? "set HF_TOKEN to an access token" : "the access token in HF_TOKEN does not open it";
    const reasons: Readonly<Record<number, string>> = {
      401: `there is no model ${id} on ${hubUrl}, or it is private: ${token}`,
      403: `${id} wants its terms accepted on its page first: ${token}`,
      404: `there is no model ${id} on ${hubUrl}`,
    };
    return new Error(reasons[error.statusCode] ?? `${hubUrl} answered ${error.statusCode} for ${id}: ${error.message}`, { cause: error });
  }
  if (isFullDisk(error))
    return new Error(`the disk is full: ${id} could not be downloaded; free some space, and the same command continues`);
  if (error instanceof TypeError && error.cause instanceof Error) {
    const code = "code" in error.cause ? String(error.cause.code) : error.cause.message;
    return new Error(`${hubUrl} cannot be reached (${code}): go online, set HF_ENDPOINT to a mirror, or give a folder on this machine`, {
      cause: error,
    });
  }
  return error;
}
