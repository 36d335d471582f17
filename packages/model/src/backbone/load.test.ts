import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { presets } from "@tutti/core";
import { afterEach, beforeAll, expect, test, vi } from "vitest";
import { checkpointInMemory, convertInMemory, goldenCheckpoint, type MemoryFiles } from "../testing/goldenBackbone.ts";
import { memoryCache } from "./cache.ts";
import { manifestBytes } from "./convert.ts";
import { loadBackbone } from "./load.ts";
import { type BackboneManifest, parseManifest } from "./manifest.ts";
import { hasLittleMemory } from "./smallMemory.ts";
import { refuseTooLarge, unpackedBytes } from "./unpackedSize.ts";

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");

const linear = presets.demo.tuning;
let files: MemoryFiles;
let manifest: BackboneManifest;
const cleanUps: (() => Promise<void>)[] = [];

beforeAll(async () => {
  const converted = await convertInMemory(checkpointInMemory(await goldenCheckpoint("roberta")), { maxShardBytes: 16_384 });
  files = converted.out;
  manifest = converted.report.manifest;
});

afterEach(async () => {
  vi.unstubAllGlobals();
  await Promise.all(cleanUps.splice(0).map((cleanUp) => cleanUp()));
});

type Fault = (response: ServerResponse, bytes: Uint8Array) => void;

/** Serves the backbone; a fault takes the place of the answer as long as it is in the list for that file. */
async function serve(faults: Map<string, Fault[]> = new Map()) {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    const file = (request.url ?? "").split("/").at(-1) ?? "";
    requests.push(file);
    const bytes = files.get(file);
    const fault = faults.get(file)?.shift();
    if (bytes === undefined) response.writeHead(404).end();
    else if (fault !== undefined) fault(response, bytes);
    else setImmediate(() => response.end(bytes));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanUps.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  return { manifestUrl: `http://127.0.0.1:${port}/backbones/golden/manifest.json`, requests };
}

/** Holds the first answers back until three requests are under way, and counts the most at a time. */
function countingFetch() {
  let open = 0;
  let most = 0;
  let release = () => {};
  const three = new Promise<void>((resolve) => {
    release = resolve;
  });
  const counting: typeof fetch = async (input, init) => {
    open++;
    most = Math.max(most, open);
    if (open === 3) release();
    if (!String(input).endsWith("manifest.json")) await three;
    const response = await fetch(input, init);
    const bytes = await response.arrayBuffer();
    open--;
    return new Response(bytes);
  };
  return { fetch: counting, most: () => most };
}

const corrupt: Fault = (response, bytes) => {
  const changed = bytes.slice();
  changed[100] = (changed[100] ?? 0) ^ 1;
  response.end(changed);
};
const breakOff: Fault = (response, bytes) => {
  response.writeHead(200, { "content-length": bytes.length });
  response.write(bytes.subarray(0, 1000), () => response.destroy());
};
const shard = (i: number) => `${manifest.shards[i]?.sha256}.bin`;
const shardRequests = (requests: readonly string[]) => requests.filter((file) => file.endsWith(".bin"));

test("a backbone is fetched three files at a time, and progress ends at the total", async () => {
  const { manifestUrl, requests } = await serve();
  const counting = countingFetch();
  const seen: { doneBytes: number; totalBytes: number }[] = [];
  const backbone = await loadBackbone({ manifestUrl, fetch: counting.fetch, onProgress: (progress) => seen.push(progress) });
  expect(backbone.tensor("head.bias").data).toHaveLength(96);
  expect(backbone.tokenizerJson).toContain("WordLevel");
  expect(manifest.shards.length).toBeGreaterThan(6);
  expect(requests).toHaveLength(manifest.shards.length + 2);
  expect(counting.most()).toBe(3);
  const totalBytes = manifest.numBytes + (manifest.tokenizer?.numBytes ?? 0);
  expect(seen.at(-1)).toEqual({ doneBytes: totalBytes, totalBytes });
  expect(seen.every(({ doneBytes }, i) => doneBytes >= (seen[i - 1]?.doneBytes ?? 0))).toBe(true);
});

test("the second visit fetches the manifest and nothing else", async () => {
  const { manifestUrl, requests } = await serve();
  const cache = memoryCache();
  const first = await loadBackbone({ manifestUrl, cache });
  requests.length = 0;
  const seen: number[] = [];
  const second = await loadBackbone({ manifestUrl, cache, onProgress: ({ doneBytes }) => seen.push(doneBytes) });
  expect(requests).toEqual(["manifest.json"]);
  expect(second.tensor("embeddings.word")).toEqual(first.tensor("embeddings.word"));
  expect(seen.at(-1)).toBe(manifest.numBytes + (manifest.tokenizer?.numBytes ?? 0));
});

test("a shard that arrives damaged is fetched once more", async () => {
  const { manifestUrl, requests } = await serve(new Map([[shard(2), [corrupt]]]));
  await loadBackbone({ manifestUrl });
  expect(requests.filter((file) => file === shard(2))).toHaveLength(2);
});

test("a shard that arrives damaged twice is an error that names it", async () => {
  const { manifestUrl } = await serve(new Map([[shard(2), [corrupt, corrupt]]]));
  await expect(loadBackbone({ manifestUrl })).rejects.toThrow(
    new RegExp(`backbone file ${shard(2)} could not be loaded.*two downloads gave.*SHA-256`),
  );
});

test("without the browser's hashes a damaged shard is found as well", async () => {
  const { manifestUrl, requests } = await serve(new Map([[shard(1), [corrupt]]]));
  vi.stubGlobal("crypto", undefined);
  await loadBackbone({ manifestUrl });
  expect(requests.filter((file) => file === shard(1))).toHaveLength(2);
});

test("after a broken connection only what is missing is fetched", async () => {
  const faults = new Map([[shard(5), [breakOff, breakOff]]]);
  const { manifestUrl, requests } = await serve(faults);
  const cache = memoryCache();
  await expect(loadBackbone({ manifestUrl, cache })).rejects.toThrow(`backbone file ${shard(5)} could not be loaded`);
  const fetched = new Set(shardRequests(requests));
  requests.length = 0;
  await loadBackbone({ manifestUrl, cache });
  const again = shardRequests(requests);
  expect(again).toContain(shard(5));
  expect(again).not.toContain(shard(0));
  const twice = again.filter((file) => fetched.has(file));
  expect(twice.length).toBeLessThanOrEqual(3); // at most what was under way
});

test("a connection that breaks once is not noticed", async () => {
  const { manifestUrl } = await serve(new Map([[shard(0), [breakOff]]]));
  expect((await loadBackbone({ manifestUrl })).has("head.bias")).toBe(true);
});

test("a shard that is not there or too long is an error with the reason", async () => {
  const missing: Fault = (response) => void response.writeHead(404).end();
  const first = await serve(new Map([[shard(0), [missing, missing]]]));
  await expect(loadBackbone({ manifestUrl: first.manifestUrl })).rejects.toThrow("the server answered 404 for");
  const long: Fault = (response, bytes) => void response.end(Buffer.concat([bytes, bytes]));
  const second = await serve(new Map([[shard(0), [long, long]]]));
  await expect(loadBackbone({ manifestUrl: second.manifestUrl })).rejects.toThrow("more than the expected 16384 bytes");
});

test("a cache with wrong bytes or one that fails costs a download, not the load", async () => {
  const { manifestUrl, requests } = await serve();
  const wrong = { get: async () => new Uint8Array(16_384), put: async () => {} };
  await loadBackbone({ manifestUrl, cache: wrong });
  const broken = { get: () => Promise.reject(new Error("no disk")), put: () => Promise.reject(new Error("no disk")) };
  const notices: string[] = [];
  await loadBackbone({ manifestUrl, cache: broken, onNotice: (sentence) => notices.push(sentence) });
  expect(shardRequests(requests)).toHaveLength(2 * manifest.shards.length);
  expect(notices).toEqual([
    "This browser does not keep the whole language model, so the next visit downloads the missing part again: no disk",
  ]);
  const forbidden = {
    ...broken,
    put: () => Promise.reject(new DOMException("Failed to execute 'open' on 'CacheStorage'", "SecurityError")),
  };
  await loadBackbone({ manifestUrl, cache: forbidden, onNotice: (sentence) => notices.push(sentence) });
  expect(notices[1]).toMatch(/downloads the missing part again: its settings forbid it\.$/);
});

test("without room in the browser's storage nothing is kept, and the user is told", async () => {
  const { manifestUrl } = await serve();
  const cache = memoryCache();
  const notices: string[] = [];
  const storage = { estimate: async () => ({ quota: 1_000_000, usage: 990_000 }) };
  await loadBackbone({ manifestUrl, cache, storage, onNotice: (sentence) => notices.push(sentence) });
  expect(notices).toEqual([
    "The language model needs 114 kB of this browser's storage, but only 10.0 kB are left. This tab uses the model without keeping it, so the next visit downloads it again.",
  ]);
  expect(await cache.get(manifest.shards[0]?.sha256 ?? "")).toBeNull();
});

test("a load that is called off stops, with the caller's reason", async () => {
  const { manifestUrl, requests } = await serve();
  const controller = new AbortController();
  const reason = new Error("left the page");
  const loading = loadBackbone({ manifestUrl, signal: controller.signal, onProgress: () => controller.abort(reason) });
  await expect(loading).rejects.toBe(reason);
  expect(shardRequests(requests).length).toBeLessThan(manifest.shards.length);
  await expect(loadBackbone({ manifestUrl, signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
});

/** Bytes of shards that are still in memory, whoever holds them. */
async function bytesAlive(shards: readonly WeakRef<Uint8Array>[]): Promise<number> {
  await new Promise((resolve) => setImmediate(resolve)); // a WeakRef holds what it refers to until the turn is over
  collectGarbage();
  return shards.reduce((sum, shard) => sum + (shard.deref()?.length ?? 0), 0);
}

/** Loads over a cache that sees each shard as it arrives, and tells how many bytes of shards are in memory whenever another one is asked for. */
async function heldWhileLoading(readsOneAtATime: boolean) {
  const { manifestUrl } = await serve();
  const arrived: WeakRef<Uint8Array>[] = [];
  const cache = { get: async () => null, put: async (_: string, bytes: Uint8Array) => void arrived.push(new WeakRef(bytes)) };
  const held: number[] = [];
  let open = 0;
  let most = 0;
  const counting: typeof fetch = async (input, init) => {
    open++;
    most = Math.max(most, open);
    if (String(input).endsWith(".bin")) held.push(await bytesAlive(arrived));
    const response = await fetch(input, init);
    const bytes = await response.arrayBuffer();
    open--;
    return new Response(bytes);
  };
  const backbone = await loadBackbone({ manifestUrl, fetch: counting, cache, readsOneAtATime });
  return { backbone, mostHeld: Math.max(...held), mostOpen: most };
}

test("where memory is small one file is asked for at a time, and no more than the last two shards are in memory beside the tensors", async () => {
  const largest = Math.max(...manifest.shards.map(({ numBytes }) => numBytes));
  const sparing = await heldWhileLoading(true);
  expect(sparing.mostOpen).toBe(1);
  expect(sparing.mostHeld).toBeLessThanOrEqual(2 * largest);
  const usual = await heldWhileLoading(false);
  expect(usual.mostOpen).toBe(3);
  expect(usual.mostHeld).toBeGreaterThan(4 * largest);
  for (const name of usual.backbone.names) expect(sparing.backbone.packed(name)).toEqual(usual.backbone.packed(name));
});

test("where memory is small a second visit reads what was kept shard by shard as well", async () => {
  const { manifestUrl, requests } = await serve();
  const cache = memoryCache();
  const first = await loadBackbone({ manifestUrl, cache });
  requests.length = 0;
  const second = await loadBackbone({ manifestUrl, cache, readsOneAtATime: true });
  expect(requests).toEqual(["manifest.json"]);
  for (const name of first.names) expect(second.packed(name)).toEqual(first.packed(name));
});

test.each([
  ["iPhone", { userAgent: "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) Safari/604.1" }, true],
  ["iPad", { userAgent: "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Safari/605.1.15", maxTouchPoints: 5 }, true],
  ["Mac", { userAgent: "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Safari/605.1.15", maxTouchPoints: 0 }, false],
  ["small Android", { userAgent: "Mozilla/5.0 (Linux; Android 15) Chrome/140", deviceMemory: 4 }, true],
  ["large Android", { userAgent: "Mozilla/5.0 (Linux; Android 15) Chrome/140", deviceMemory: 8 }, false],
  ["desktop Firefox", { userAgent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0" }, false],
])("%s: memory is small, or not", (_, signs, isSmall) => {
  expect(hasLittleMemory(signs)).toBe(isSmall);
});

test("a backbone that does not fit once unpacked is refused before a shard is asked for", async () => {
  const { manifestUrl, requests } = await serve();
  const large = {
    ...manifest.config,
    hiddenSize: 2048,
    intermediateSize: 5632,
    numLayers: 22,
    numHeads: 32,
    numKeyValueHeads: 32,
    headSize: 64,
  };
  const checkManifest = (found: BackboneManifest) => refuseTooLarge({ ...found, config: large }, "wasm", linear);
  await expect(loadBackbone({ manifestUrl, checkManifest })).rejects.toThrow(
    /^backbone golden needs 7\.0\d GB once its layers are unpacked, but WebAssembly has at most 4\.29 GB: use a browser with WebGPU/,
  );
  expect(requests).toEqual(["manifest.json"]);
  expect(() => refuseTooLarge({ ...manifest, config: large }, "webgpu", linear)).not.toThrow();
  expect(() => refuseTooLarge(manifest, "wasm", linear)).not.toThrow();
  expect(unpackedBytes(manifest, false)).toBe(8 * 3 * (4 * 32 * 32 + 2 * 32 * 48));
});

test("logits over the vocabulary count where a run asks for them, always on a causal backbone", () => {
  const layers = 8 * 3 * (4 * 32 * 32 + 2 * 32 * 48);
  expect(unpackedBytes(manifest, true)).toBe(layers + 8 * (32 * 32 + 96 * 32));
  // 8 layers alone would fit: it is the table of 262,144 words that does not
  const wide = { ...manifest.config, hiddenSize: 2048, intermediateSize: 5632, numLayers: 8, vocabSize: 262_144 };
  expect(() => refuseTooLarge({ ...manifest, config: wide }, "wasm", linear)).not.toThrow();
  expect(() =>
    refuseTooLarge({ ...manifest, config: wide }, "wasm", { ...linear, head: "labelWords", lossOver: "labelWords" }),
  ).not.toThrow();
  expect(() => refuseTooLarge({ ...manifest, config: wide }, "wasm", { ...linear, head: "labelWords", lossOver: "vocabulary" })).toThrow(
    "WebAssembly has at most",
  );
  expect(() => refuseTooLarge({ ...manifest, config: { ...wide, isCausal: true } }, "wasm", linear)).toThrow("WebAssembly has at most");
});

test("a backbone can lie at another origin than the page", async () => {
  const { manifestUrl, requests } = await serve();
  vi.stubGlobal("location", { href: "https://class.example/join" });
  const backbone = await loadBackbone({ manifestUrl });
  expect(backbone.names.length).toBe(manifest.tensors.length);
  expect(requests).toHaveLength(manifest.shards.length + 2);
});

test("a manifest that cannot be right is refused before any shard is fetched", () => {
  const text = new TextDecoder().decode(manifestBytes(manifest));
  const parse = (from: string, to: string) => () => parseManifest(new TextEncoder().encode(text.replace(from, to)));
  expect(parse("", "")()).toEqual(manifest);
  expect(parse("{", "<html>")).toThrow("manifest.json is not JSON");
  expect(parse('"tutti-backbone"', '"other"')).toThrow("not the manifest of a Tutti backbone");
  expect(parse('"formatVersion": 1', '"formatVersion": 2')).toThrow("has format version 2, this page reads version 1");
  expect(parse('"head.bias","shape":[96]', '"head.bias","shape":[95]')).toThrow(
    "tensor head.bias has shape [95], the configuration needs [96]",
  );
  expect(parse('"head.bias"', '"head.base"')).toThrow("manifest.json has no tensor head.bias");
  expect(parse('"length":384}]', '"length":380}]')).toThrow("its parts have 380");
  expect(parse('"shard":1,', '"shard":999,')).toThrow("lies outside shard 999");
  expect(parse('"numParameters"', '"numberOfParameters"')).toThrow("numParameters");
});
