import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, open, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { datasetInfo, downloadFile, HubApiError, listFiles, modelInfo } from "@huggingface/hub";

/** Which repository of the hub to read, from where, and into which folder. */
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

/** A repository at one commit. */
export interface HubRepository {
  readonly commit: string;
  readonly licence: string | null;
  /** Sizes in bytes of all its files, by path. */
  readonly sizes: ReadonlyMap<string, number>;
  /** Where downloaded files lie, under their paths. */
  readonly folder: string;
  read(path: string, start: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
  /** Fetches a file, continuing where a connection broke, and compares its hash; gives where it lies. Nothing is fetched twice. */
  download(path: string): Promise<string>;
}

type Kind = "model" | "dataset";

interface Repository extends HubRequest {
  readonly kind: Kind;
  readonly commit: string;
}

interface Listed {
  readonly path: string;
  readonly size: number;
  readonly sha256: string | null;
}

const attemptsWithoutProgress = 5;

/** Opens a repository for `use`; what goes wrong meanwhile is told in sentences. Node only. */
export async function withHubRepository<T>(kind: Kind, request: HubRequest, use: (opened: HubRepository) => Promise<T>): Promise<T> {
  try {
    return await use(await openRepository(kind, request));
  } catch (error) {
    throw explained(error, kind, request);
  }
}

async function openRepository(kind: Kind, request: HubRequest): Promise<HubRepository> {
  const { id, revision } = request;
  const access = accessOf(request);
  const about = { name: id, ...(revision === undefined ? {} : { revision }), ...access };
  const { sha: commit, cardData } =
    kind === "model"
      ? await modelInfo({ ...about, additionalFields: ["sha", "cardData"] })
      : await datasetInfo({ ...about, additionalFields: ["sha", "cardData"] });
  const repo = { type: kind, name: id };
  const listed = new Map<string, Listed>();
  for await (const { type, path, size, lfs } of listFiles({ repo, revision: commit, recursive: kind === "dataset", ...access }))
    if (type === "file" && !path.split("/").includes("..")) listed.set(path, { path, size: lfs?.size ?? size, sha256: lfs?.oid ?? null });
  const folder = join(request.folder, commit);
  const licence: unknown = cardData?.license;
  const repository = { ...request, folder, kind, commit };
  return {
    commit,
    folder,
    licence: typeof licence === "string" ? licence : Array.isArray(licence) ? licence.join(", ") : null,
    sizes: new Map([...listed].map(([path, { size }]) => [path, size])),
    async read(path, start, length) {
      const blob = await blobOf(repository, path);
      return new Uint8Array(await blob.slice(start, start + length).arrayBuffer());
    },
    async download(path) {
      const file = listed.get(path);
      if (file === undefined) throw new Error(`${id} has no file ${path}`);
      return downloadWhole(repository, file);
    },
  };
}

function accessOf({ hubUrl, accessToken, fetch }: HubRequest) {
  return {
    ...(hubUrl === undefined ? {} : { hubUrl: hubUrl.replace(/\/+$/, "") }),
    ...(accessToken === undefined ? {} : { accessToken }),
    ...(fetch === undefined ? {} : { fetch }),
  };
}

async function blobOf(repository: Repository, path: string): Promise<Blob> {
  const { id, kind, commit } = repository;
  const blob = await downloadFile({ repo: { type: kind, name: id }, path, revision: commit, xet: false, ...accessOf(repository) });
  if (blob === null) throw new Error(`${id} lists ${path}, but the hub does not have it`);
  return blob;
}

async function downloadWhole(repository: Repository, file: Listed): Promise<string> {
  const path = join(repository.folder, file.path);
  if ((await sizeOf(path)) === file.size) return path;
  await mkdir(dirname(path), { recursive: true });
  const part = `${path}.part`;
  await continueUntilWhole(repository, file, part);
  const found = file.sha256 === null ? null : await sha256Of(part);
  if (found !== file.sha256) {
    await rm(part);
    throw new Error(
      `${file.path} of ${repository.id} arrived damaged: its SHA-256 is ${found}, the hub says ${file.sha256}; fetch it again`,
    );
  }
  await rename(part, path);
  return path;
}

async function continueUntilWhole(repository: Repository, file: Listed, part: string): Promise<void> {
  const { wait = delay } = repository;
  let failures = 0;
  for (let done = (await sizeOf(part)) ?? 0; done < file.size; ) {
    let failure: unknown = null;
    try {
      await append(repository, file, { part, from: done });
    } catch (error) {
      if (error instanceof HubApiError || isFullDisk(error)) throw error;
      failure = error;
    }
    const reached = (await sizeOf(part)) ?? 0;
    if (reached > file.size) throw new Error(`${file.path} of ${repository.id}: the hub sent ${reached} bytes, it listed ${file.size}`);
    failures = reached > done ? 0 : failures + 1;
    if (failures >= attemptsWithoutProgress) {
      const why = `${file.path} of ${repository.id}: stopped at ${reached} of ${file.size} bytes, ${failures} attempts got no further`;
      throw new Error(`${why}; run the same command to continue`, { cause: failure });
    }
    done = reached;
    if (done < file.size) await wait(500 * 2 ** failures);
  }
  if (file.size === 0) await (await open(part, "a")).close();
}

async function append(repository: Repository, file: Listed, { part, from }: { part: string; from: number }): Promise<void> {
  const blob = await blobOf(repository, file.path);
  const handle = await open(part, "a");
  let doneBytes = from;
  try {
    for await (const chunk of blob.slice(from, file.size).stream()) {
      await handle.write(chunk);
      doneBytes += chunk.length;
      repository.onProgress?.({ file: file.path, doneBytes, totalBytes: file.size });
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
function explained(error: unknown, kind: Kind, { id, hubUrl = "https://huggingface.co", accessToken }: HubRequest): unknown {
  const what = `${kind === "model" ? "model" : "data set"} ${id}`;
  if (error instanceof HubApiError) {
    const token = accessToken === undefined ? "set HF_TOKEN to an access token" : "the access token in HF_TOKEN does not open it";
    const reasons: Readonly<Record<number, string>> = {
      401: `there is no ${what} on ${hubUrl}, or it is private: ${token}`,
      403: `${id} asks you to accept its terms on its page first: ${token}`,
      404: `there is no ${what} on ${hubUrl}`,
    };
    return new Error(reasons[error.statusCode] ?? `${hubUrl} answered ${error.statusCode} for ${id}: ${error.message}`, { cause: error });
  }
  if (isFullDisk(error))
    return new Error(`the disk is full: ${id} could not be downloaded; free some space, then run the same command to continue`);
  if (error instanceof TypeError && error.cause instanceof Error) {
    const code = "code" in error.cause ? String(error.cause.code) : error.cause.message;
    return new Error(
      `${hubUrl} cannot be reached (${code}): go online, set HF_ENDPOINT to a mirror, or give ${kind === "model" ? "a folder" : "a file"} on this machine`,
      {
        cause: error,
      },
    );
  }
  return error;
}
