import type { PackedTensor } from "@tutti/core";
import { formatBytes, sha256Hex } from "@tutti/core";
import { type BackboneCache, defaultCache, noCache } from "./cache.ts";
import { concatenate, fetchFile } from "./fetchFile.ts";
import { fillTensors } from "./fillTensors.ts";
import { type BackboneManifest, parseManifest } from "./manifest.ts";
import { type PackedBackbone, packedBackbone } from "./packed.ts";

/** Reads a file of the backbone's folder. */
export type ReadFile = (file: string) => Promise<Uint8Array<ArrayBuffer>>;

/** Where a backbone is loaded from, what is kept of it, and who is told of the progress. */
export interface LoadOptions {
  /** Address of manifest.json; the other files lie beside it. */
  readonly manifestUrl?: string;
  /** Instead of fetching from beside the manifest. */
  readonly read?: ReadFile;
  readonly fetch?: typeof globalThis.fetch;
  /** Called with the manifest before anything else is fetched; throws to refuse the backbone. */
  readonly checkManifest?: (manifest: BackboneManifest) => void | Promise<void>;
  /** By default the best that the place offers; nothing is kept of what `read` gave. */
  readonly cache?: BackboneCache;
  /** Where the browser says how much it may keep; null where nothing does. */
  readonly storage?: Pick<StorageManager, "estimate"> | null;
  /** Bytes of shards and tokenizer files, from the cache or not. */
  readonly onProgress?: (progress: { readonly doneBytes: number; readonly totalBytes: number }) => void;
  /** A sentence for the user about something that is not an error. */
  readonly onNotice?: (sentence: string) => void;
  /** Reads shards one at a time and lets each go once its tensors are copied: slower, and beside the tensors at most one shard is in memory. */
  readonly readsOneAtATime?: boolean;
  readonly signal?: AbortSignal | undefined;
}

interface NamedFile {
  readonly file: string;
  readonly sha256: string;
  readonly numBytes: number;
}

type Contents = Map<string, Uint8Array<ArrayBuffer>>;
type Fetch = (file: string, request: { isRetry: boolean; maxBytes: number; onBytes: (done: number) => void }) => ReturnType<ReadFile>;

const parallelRequests = 3;
const maxManifestBytes = 64e6;

/**
 * Loads a backbone: manifest first, then what the cache does not hold, at most three requests at a time.
 * Every file is checked by its hash before use and fetched once more when it is wrong; then it is an error that names the file.
 */
export async function loadBackbone(options: LoadOptions): Promise<PackedBackbone> {
  const controller = new AbortController();
  const { signal: outer } = options;
  outer?.throwIfAborted();
  outer?.addEventListener("abort", () => controller.abort(outer.reason), { signal: controller.signal });
  try {
    return await load(options, controller);
  } finally {
    controller.abort(); // stops the other requests after a failure, and listening to the caller's signal
  }
}

async function load(options: LoadOptions, { signal }: AbortController): Promise<PackedBackbone> {
  const fetchOne = fetcher(options, signal);
  const manifest = parseManifest(await fetchOne("manifest.json", { isRetry: false, maxBytes: maxManifestBytes, onBytes: () => {} }));
  await options.checkManifest?.(manifest);
  const files = filesOf(manifest);
  const filler = options.readsOneAtATime === true ? fillTensors(manifest) : null;
  const cache = guarded(options.cache ?? (options.read === undefined ? defaultCache() : noCache()), options.onNotice);
  const progress = progressOf(files, options.onProgress);

  const contents: Contents = new Map();
  const isShard = new Set(manifest.shards.map(({ sha256 }) => `${sha256}.bin`));
  /** Keeps a file that has arrived; of a shard perhaps its tensors alone. */
  function keep({ file, sha256, numBytes }: NamedFile, bytes: Uint8Array<ArrayBuffer>): void {
    if (filler === null || !isShard.has(file)) contents.set(file, bytes);
    else filler.take(sha256, bytes);
    progress(file, numBytes);
  }
  const missing = await fromCache(files, { cache, signal, keep });
  const isRoomy = await hasRoom(missing, options);
  await inParallel(missing, filler === null ? parallelRequests : 1, async (wanted) => {
    signal.throwIfAborted();
    const bytes = await fetchVerified(wanted, fetchOne, { signal, onBytes: (done) => progress(wanted.file, done) });
    keep(wanted, bytes);
    if (isRoomy) await cache.put(wanted.sha256, bytes);
  });
  return assemble(manifest, contents, filler?.tensors() ?? viewsOn(manifest, contents));
}

function filesOf({ tokenizer, tokenizerConfig, shards }: BackboneManifest): NamedFile[] {
  const texts = [tokenizer, tokenizerConfig].filter((file) => file !== null);
  return [...texts, ...shards.map(({ sha256, numBytes }) => ({ file: `${sha256}.bin`, sha256, numBytes }))];
}

interface Keeping {
  readonly cache: BackboneCache;
  readonly signal: AbortSignal;
  keep(file: NamedFile, bytes: Uint8Array<ArrayBuffer>): void;
}

/** Keeps what the cache holds; answers what it does not. */
async function fromCache(files: readonly NamedFile[], { cache, signal, keep }: Keeping): Promise<NamedFile[]> {
  const missing: NamedFile[] = [];
  for (const file of files) {
    signal.throwIfAborted();
    const bytes = await cache.get(file.sha256);
    if (bytes?.length === file.numBytes && (await sha256Hex(bytes)) === file.sha256) keep(file, bytes);
    else missing.push(file);
  }
  return missing;
}

/** Whether the browser has room to keep the files; the user is told when it has not. */
async function hasRoom(files: readonly NamedFile[], { storage, onNotice }: LoadOptions): Promise<boolean> {
  const manager = storage === undefined ? globalThis.navigator?.storage : storage;
  if (!manager?.estimate || files.length === 0) return true;
  const { quota, usage = 0 } = await manager.estimate().catch((): StorageEstimate => ({}));
  if (quota === undefined) return true;
  const needed = files.reduce((sum, { numBytes }) => sum + numBytes, 0);
  if (quota - usage >= needed) return true;
  onNotice?.(
    `The language model needs ${formatBytes(needed)} of this browser's storage, but only ${formatBytes(Math.max(0, quota - usage))} are left. ` +
      "This tab uses the model without keeping it, so the next visit downloads it again.",
  );
  return false;
}

async function fetchVerified(
  wanted: NamedFile,
  fetchOne: Fetch,
  { signal, onBytes }: { signal: AbortSignal; onBytes: (done: number) => void },
): Promise<Uint8Array<ArrayBuffer>> {
  const failures: unknown[] = [];
  for (const isRetry of [false, true]) {
    try {
      const bytes = await fetchOne(wanted.file, { isRetry, maxBytes: wanted.numBytes, onBytes });
      const found = await sha256Hex(bytes);
      if (found === wanted.sha256) return bytes;
      failures.push(`${bytes.length} bytes with SHA-256 ${found}`);
    } catch (error) {
      signal.throwIfAborted();
      failures.push(error);
    }
  }
  const reasons = failures.map((failure) => (failure instanceof Error ? failure.message : String(failure)));
  throw new Error(
    `backbone file ${wanted.file} could not be loaded: expected ${wanted.numBytes} bytes with SHA-256 ${wanted.sha256}, ` +
      `but two downloads gave ${reasons.join("; then ")}`,
    { cause: failures[1] },
  );
}

function fetcher({ manifestUrl, read, fetch = globalThis.fetch }: LoadOptions, signal: AbortSignal): Fetch {
  if (read !== undefined) return read;
  if (manifestUrl === undefined) throw new Error("loadBackbone needs a manifestUrl or a read function");
  const base = new URL(manifestUrl, globalThis.location?.href);
  return (file, request) => {
    const url = file === "manifest.json" ? base : new URL(file, base);
    return fetchFile({ url: url.href, fetch, signal, ...request });
  };
}

/** Views on the shards; a tensor that lies in several is copied into one array. */
function viewsOn(manifest: BackboneManifest, contents: Contents): ReadonlyMap<string, PackedTensor> {
  const shards = manifest.shards.map(({ sha256 }) => contents.get(`${sha256}.bin`) ?? new Uint8Array(0));
  const tensors = new Map<string, PackedTensor>();
  for (const { name, shape, encoding, groupSize, parts } of manifest.tensors) {
    const pieces = parts.map(({ shard, offset, length }) => (shards[shard] ?? new Uint8Array(0)).subarray(offset, offset + length));
    const [first] = pieces;
    const bytes = first !== undefined && pieces.length === 1 ? first : concatenate(pieces);
    tensors.set(name, { shape, encoding, groupSize, bytes });
  }
  return tensors;
}

function assemble(manifest: BackboneManifest, contents: Contents, tensors: ReadonlyMap<string, PackedTensor>): PackedBackbone {
  const text = (file: { file: string } | null) =>
    file === null ? null : new TextDecoder().decode(contents.get(file.file) ?? new Uint8Array(0));
  const { name, config, tokenizer, tokenizerConfig } = manifest;
  return packedBackbone({ name, config, manifest, tensors, tokenizerJson: text(tokenizer), tokenizerConfig: text(tokenizerConfig) });
}

function progressOf(files: readonly NamedFile[], onProgress: LoadOptions["onProgress"]): (file: string, done: number) => void {
  const doneByFile = new Map<string, number>();
  const totalBytes = files.reduce((sum, { numBytes }) => sum + numBytes, 0);
  return (file, done) => {
    doneByFile.set(file, done);
    onProgress?.({ doneBytes: [...doneByFile.values()].reduce((a, b) => a + b, 0), totalBytes });
  };
}

/** A cache is a help, not a need: what it cannot do is fetched again. Browsers may promise more room than they then give. */
function guarded(cache: BackboneCache, onNotice: LoadOptions["onNotice"]): BackboneCache {
  let isTold = false;
  return {
    get: (sha256) => cache.get(sha256).catch(() => null),
    put: (sha256, bytes) =>
      cache.put(sha256, bytes).catch((error: unknown) => {
        if (isTold) return;
        isTold = true;
        const isForbidden = error instanceof Error && error.name === "SecurityError";
        const reason = isForbidden ? "its settings forbid it." : error instanceof Error ? error.message : String(error);
        onNotice?.(`This browser does not keep the whole language model, so the next visit downloads the missing part again: ${reason}`);
      }),
  };
}

async function inParallel<T>(items: readonly T[], numLanes: number, act: (item: T) => Promise<void>): Promise<void> {
  const waiting = [...items];
  const lane = async () => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await act(item);
  };
  await Promise.all(Array.from({ length: numLanes }, lane));
}
