import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, type Page, test } from "@playwright/test";
import { convertBackbone } from "@tutti/model/node";
import { build } from "vite";
import { places, projectFolder } from "./setting/places.ts";

let backbone: string;
let loader: string;
const cleanUps: (() => Promise<void>)[] = [];

test.beforeAll(async () => {
  backbone = await mkdtemp(join(tmpdir(), "tutti-download-"));
  const details = { name: "tiny", encoding: "f32", source: "random", licence: "Apache-2.0", maxShardBytes: 65_536 } as const;
  await convertBackbone(join(places.tinyPublic, "checkpoint"), backbone, details);
  loader = await bundleLoader();
});

test.afterEach(async () => {
  await Promise.all(cleanUps.splice(0).map((cleanUp) => cleanUp()));
});

test.afterAll(() => rm(backbone, { recursive: true }));

/** The loader as the pages have it, alone in one module. */
async function bundleLoader(): Promise<string> {
  const entry = join(projectFolder, "packages/model/src/backbone/load.ts");
  const built = await build({
    root: projectFolder,
    configFile: false,
    publicDir: false,
    logLevel: "error",
    build: { write: false, minify: false, lib: { entry, formats: ["es"], fileName: "load" } },
  });
  const [bundle] = Array.isArray(built) ? built : [built];
  if (bundle === undefined || !("output" in bundle)) throw new Error("the loader could not be bundled");
  return bundle.output[0].code;
}

type Fault = (response: ServerResponse, bytes: Buffer) => void;

const damaged: Fault = (response, bytes) => {
  const changed = Buffer.from(bytes);
  changed[100] = (changed[100] ?? 0) ^ 1;
  response.end(changed);
};
const brokenOff: Fault = (response, bytes) => {
  response.writeHead(200, { "content-length": bytes.length });
  response.write(bytes.subarray(0, 1000), () => response.destroy());
};

interface ServeOptions {
  /** Take the place of the answers for a file, one after the other. */
  readonly faults?: ReadonlyMap<string, Fault[]>;
  /** Answers to shards wait until this number is open. */
  readonly heldUntilOpen?: number;
}

/** Serves an empty page, the loader and the backbone, and forbids the browser to keep anything by itself. */
async function serveBackbone({ faults = new Map(), heldUntilOpen = 0 }: ServeOptions = {}) {
  const shards: string[] = [];
  const open = new Set<ServerResponse>();
  let mostOpen = 0;
  let letGo = () => {};
  const enough = heldUntilOpen === 0 ? Promise.resolve() : new Promise<void>((resolve) => (letGo = resolve));
  const server = createServer(async (request, response) => {
    const file = (request.url ?? "").slice(1);
    response.setHeader("cache-control", "no-store");
    if (file === "") return response.setHeader("content-type", "text/html").end("<!doctype html><title>Loading</title>");
    if (file === "load.js") return response.setHeader("content-type", "text/javascript").end(loader);
    const bytes = await readFile(join(backbone, file)).catch(() => null);
    if (bytes === null) return response.writeHead(404).end();
    if (!file.endsWith(".bin")) return response.end(bytes);
    shards.push(file);
    open.add(response);
    response.on("close", () => open.delete(response));
    mostOpen = Math.max(mostOpen, open.size);
    if (open.size === heldUntilOpen) setTimeout(letGo, 200); // time for a request too many
    await enough;
    const fault = faults.get(file)?.shift();
    return fault === undefined ? response.end(bytes) : fault(response, bytes);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanUps.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  return { port, shards, mostOpen: () => mostOpen };
}

interface Visit {
  readonly isSecure: boolean;
  readonly error: string | null;
  readonly notices: readonly string[];
  readonly lastProgress: { readonly doneBytes: number; readonly totalBytes: number } | null;
}

/** Opens the address in a tab and loads the backbone there, with everything as the browser offers it. */
async function visit(page: Page, address: string): Promise<Visit> {
  await page.goto(address);
  return page.evaluate(async () => {
    const path = "/load.js";
    const { loadBackbone } = await import(path);
    const notices: string[] = [];
    let lastProgress: Visit["lastProgress"] = null;
    const options = {
      manifestUrl: "/manifest.json",
      onNotice: (sentence: string) => notices.push(sentence),
      onProgress: (progress: Visit["lastProgress"]) => {
        lastProgress = progress;
      },
    };
    const error = await loadBackbone(options).then(
      () => null,
      (reason: unknown) => String(reason),
    );
    return { isSecure: isSecureContext, error, notices, lastProgress };
  });
}

async function shardNames(): Promise<string[]> {
  const { shards } = JSON.parse(await readFile(join(backbone, "manifest.json"), "utf8")) as { shards: { sha256: string }[] };
  expect(shards.length).toBeGreaterThan(8);
  return shards.map(({ sha256 }) => `${sha256}.bin`);
}

/** What the page's origin keeps. */
function kept(page: Page): Promise<{ inCacheStorage: number; databases: string[] }> {
  return page.evaluate(async () => ({
    inCacheStorage: "caches" in globalThis ? (await (await caches.open("tutti-backbones")).keys()).length : 0,
    databases: (await indexedDB.databases()).map(({ name }) => name ?? ""),
  }));
}

test("a second visit asks for no shard: localhost keeps them in Cache Storage", async ({ context, page }) => {
  const { port, shards } = await serveBackbone();
  const first = await visit(page, `http://localhost:${port}/`);
  expect(first).toMatchObject({ isSecure: true, error: null, notices: [] });
  expect(new Set(shards)).toEqual(new Set(await shardNames()));
  expect(await kept(page)).toEqual({ inCacheStorage: shards.length + 2, databases: [] }); // and the tokenizer's two files
  await page.close();
  shards.length = 0;
  const second = await visit(await context.newPage(), `http://localhost:${port}/`);
  expect(second).toEqual(first);
  expect(shards).toEqual([]);
  expect(second.lastProgress?.doneBytes).toBe(second.lastProgress?.totalBytes);
});

test("a second visit asks for no shard: plain http under another name keeps them in IndexedDB", async ({ context, page }) => {
  const { port, shards } = await serveBackbone();
  const first = await visit(page, `http://tutti.test:${port}/`);
  expect(first).toMatchObject({ isSecure: false, error: null });
  expect(await kept(page)).toEqual({ inCacheStorage: 0, databases: ["tutti-backbones"] });
  await page.close();
  shards.length = 0;
  expect(await visit(await context.newPage(), `http://tutti.test:${port}/`)).toEqual(first);
  expect(shards).toEqual([]);
});

test("three shards at a time, never four", async ({ page }) => {
  const { port, shards, mostOpen } = await serveBackbone({ heldUntilOpen: 3 });
  expect((await visit(page, `http://localhost:${port}/`)).error).toBeNull();
  expect(shards).toHaveLength((await shardNames()).length);
  expect(mostOpen()).toBe(3);
});

test("after a connection that breaks twice the shard is named, and the next visit fetches only what is missing", async ({ page }) => {
  const names = await shardNames();
  const [broken = ""] = names.slice(6, 7);
  const { port, shards } = await serveBackbone({ faults: new Map([[broken, [brokenOff, brokenOff]]]) });
  const failed = await visit(page, `http://localhost:${port}/`);
  expect(failed.error).toContain(`backbone file ${broken} could not be loaded`);
  expect(shards.filter((file) => file === broken)).toHaveLength(2);
  const fetched = new Set(shards);
  shards.length = 0;
  expect((await visit(page, `http://localhost:${port}/`)).error).toBeNull();
  expect(shards).toContain(broken);
  expect(shards.filter((file) => fetched.has(file)).length).toBeLessThanOrEqual(3); // at most those under way
  for (const file of names.slice(0, 3)) expect(shards).not.toContain(file);
});

test("a damaged shard is fetched once more, and twice damaged it is an error that names it", async ({ page }) => {
  const [first = "", second = ""] = (await shardNames()).slice(2);
  const { port, shards } = await serveBackbone({
    faults: new Map([
      [first, [damaged]],
      [second, [damaged, damaged]],
    ]),
  });
  const { error } = await visit(page, `http://localhost:${port}/`);
  expect(error).toContain(`backbone file ${second} could not be loaded`);
  expect(error).toContain("SHA-256");
  expect(shards.filter((file) => file === first)).toHaveLength(2);
  expect((await visit(page, `http://localhost:${port}/`)).error).toBeNull();
});

const cramped = 100_000;

test("where the browser says that it has no room the backbone is loaded, not kept, and the user is told", async ({ page }) => {
  const { port, shards } = await serveBackbone();
  await page.addInitScript((quota) => {
    navigator.storage.estimate = async () => ({ quota, usage: 0 });
  }, cramped);
  const { error, notices } = await visit(page, `http://localhost:${port}/`);
  expect(error).toBeNull();
  expect(notices).toHaveLength(1);
  expect(notices[0]).toMatch(
    /^The language model needs \d\.\d\d MB of this browser's storage, but only \d+(\.\d)? kB are left\. This tab uses the model without keeping it/,
  );
  expect((await kept(page)).inCacheStorage).toBe(0);
  expect(shards).toHaveLength((await shardNames()).length);
});

test("where the browser promises room and then gives none the backbone is loaded, and the user is told", async ({ page }) => {
  const { port } = await serveBackbone();
  const origin = `http://localhost:${port}`;
  await page.goto(origin);
  const session = await page.context().newCDPSession(page);
  await session.send("Storage.overrideQuotaForOrigin", { origin, quotaSize: cramped }); // Chromium's estimate still says 10 GB
  const { error, notices } = await visit(page, `${origin}/`);
  expect(error).toBeNull();
  expect(notices).toHaveLength(1);
  expect(notices[0]).toMatch(
    /^This browser does not keep the whole language model, so the next visit downloads the missing part again: .*quota/i,
  );
  expect((await kept(page)).inCacheStorage).toBeLessThan((await shardNames()).length);
});
