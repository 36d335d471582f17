import { createHash } from "node:crypto";
import { nameOrderedBytes, type Params } from "@tutti/core";
import { expect, test } from "vitest";
import { readRun } from "./journal/readRun.ts";
import { createScene } from "./testing/scene.ts";
import { tinyRun } from "./testing/tinyRun.ts";

const scene = createScene();
const shortRun = tinyRun({ numRounds: 2 });

async function fetched(url: string, headers: Readonly<Record<string, string>> = {}, method = "GET") {
  const response = await fetch(`${url}/tuned.safetensors`, { method, headers });
  return { status: response.status, headers: response.headers, bytes: new Uint8Array(await response.arrayBuffer()) };
}

/** As the format says (https://github.com/huggingface/safetensors): the header's length in 8 bytes, the header as JSON, the values. */
function readSafetensors(file: Uint8Array): { readonly params: Params; readonly metadata: Readonly<Record<string, string>> } {
  const view = new DataView(file.buffer, file.byteOffset);
  const length = Number(view.getBigUint64(0, true));
  const { __metadata__: metadata, ...tensors } = JSON.parse(new TextDecoder().decode(file.subarray(8, 8 + length)));
  const entries = Object.entries<{ shape: number[]; data_offsets: [number, number] }>(tensors);
  const valuesOf = ([start, end]: [number, number]) =>
    Float32Array.from({ length: (end - start) / 4 }, (_, i) => view.getFloat32(8 + length + start + 4 * i, true));
  return {
    metadata,
    params: Object.fromEntries(entries.map(([name, { shape, data_offsets }]) => [name, { shape, data: valuesOf(data_offsets) }])),
  };
}

const hashOf = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

test("P-185 nothing is served before a training round has closed; then what a newcomer gets, with the round and the shared names in its metadata", async () => {
  const coordinator = await scene.start(shortRun, { expectedClients: 1 });
  expect((await fetched(coordinator.url)).status).toBe(204);
  let reached = (): void => undefined;
  const atEvaluation = new Promise<void>((resolve) => {
    reached = resolve;
  });
  let goOn = (): void => undefined;
  const released = new Promise<boolean>((resolve) => {
    goOn = () => resolve(true);
  });
  scene.join(coordinator, "a", {
    onTask: (lease) => {
      if (lease.stage !== "train" || lease.round !== 2) return true;
      reached();
      return released;
    },
  });
  await atEvaluation;
  const during = await fetched(coordinator.url);
  expect(during.status).toBe(200);
  expect(during.headers.get("x-tutti-round")).toBe("1");
  goOn();
  const outcome = await coordinator.whenDone();
  const after = await fetched(coordinator.url);
  const { params, metadata } = readSafetensors(after.bytes);
  expect(params).toEqual(outcome.newcomerParams);
  expect(metadata).toMatchObject({ format: "tutti-prompts-1", runId: "test", round: "2", backbone: "tiny" });
  expect(metadata.parametersSha256).toBe(outcome.parametersSha256);
  expect(hashOf(nameOrderedBytes(params))).toBe(metadata.parametersSha256);
  expect(JSON.parse(metadata.sharedNames ?? "").sort()).toEqual(Object.keys(outcome.globalParams).sort());
  expect(Object.keys(outcome.globalParams).length).toBeLessThan(Object.keys(params).length);
  expect(JSON.parse(metadata.settings ?? "")).toEqual(JSON.parse(JSON.stringify(shortRun)));
  expect(hashOf(during.bytes)).not.toBe(hashOf(after.bytes));
});

test("P-185 the file is named by its hash: it is not sent again, and under the hash it may be kept for ever", async () => {
  const coordinator = await scene.start(shortRun, { expectedClients: 1 });
  scene.join(coordinator, "a");
  await coordinator.whenDone();
  const first = await fetched(coordinator.url);
  const etag = first.headers.get("etag") ?? "";
  expect(etag).toBe(`"${hashOf(first.bytes)}"`);
  expect(first.headers.get("cache-control")).toBe("no-cache");
  expect((await fetched(coordinator.url, { "if-none-match": etag })).status).toBe(304);
  const head = await fetched(coordinator.url, {}, "HEAD");
  expect([head.status, head.headers.get("etag"), head.headers.get("x-tutti-round"), head.bytes.length]).toEqual([200, etag, "2", 0]);
  const pinned = await fetch(`${coordinator.url}/tuned.safetensors?sha256=${hashOf(first.bytes)}`);
  expect(pinned.headers.get("cache-control")).toBe("private, max-age=31536000, immutable");
  for (const other of [`sha256=${"0".repeat(64)}`, "sha256=a&sha256=b"])
    expect((await fetch(`${coordinator.url}/tuned.safetensors?${other}`)).status, other).toBe(404);
});

test("P-185 a run that is over and is served again answers with the same bytes", async () => {
  const folder = scene.folder();
  const places = { dataDir: folder, runId: "again", writesRunFiles: true };
  const onDisk = { store: undefined } as object; // in place of the journal in memory
  const first = await scene.start(shortRun, { ...places, expectedClients: 1 }, onDisk);
  scene.join(first, "a");
  await first.whenDone();
  const before = await fetched(first.url);
  await first.close();
  const second = await scene.start(shortRun, { ...places, expectedClients: 1 }, onDisk);
  const after = await fetched(second.url);
  expect(hashOf(after.bytes)).toBe(hashOf(before.bytes));
  expect(readSafetensors(after.bytes).params).toEqual((await readRun(folder, "again")).newcomerParams);
});

test("P-186 a run by code word gives them to who brings the word or the operator's token, and never to who guesses", async () => {
  const coordinator = await scene.start(shortRun, { expectedClients: 1, admission: "code", codeWord: "blue heron" });
  scene.join(coordinator, "a", { token: "blue heron" });
  await coordinator.whenDone();
  const status = async (authorization?: string) =>
    (await fetched(coordinator.url, authorization === undefined ? {} : { authorization })).status;
  expect(await status()).toBe(401);
  expect(await status("Bearer red heron")).toBe(401);
  expect(await status("Bearer blue heron")).toBe(200);
  expect(await status(`Bearer ${coordinator.controlToken}`)).toBe(200);
  expect((await fetch(`${coordinator.url}/tuned.safetensors?token=blue%20heron`)).status).toBe(401);
  for (let guess = 0; guess < 19; guess++) expect(await status(`Bearer ${guess}`)).toBe(401);
  expect(await status("Bearer red heron")).toBe(429);
  expect(await status("Bearer blue heron")).toBe(429);
});

test("P-186 an invitation lets its holder read as often as wanted, and is not redeemed by it; one to another run is none, nor one whose holder is banned", async () => {
  const coordinator = await scene.start(shortRun, { expectedClients: 1, admission: "invitations" });
  const authorization = `Bearer ${coordinator.linkToken}`;
  for (let time = 0; time < 2; time++) expect((await fetched(coordinator.url, { authorization })).status).toBe(204);
  const client = scene.join(coordinator, "a", { token: coordinator.linkToken ?? "" });
  await coordinator.whenDone();
  expect((await fetched(coordinator.url, { authorization })).status).toBe(200);
  expect((await fetched(coordinator.url, { authorization: `${authorization.slice(0, -4)}AAAA` })).status).toBe(401);
  expect((await fetched(coordinator.url)).status).toBe(401);
  const operator = { authorization: `Bearer ${coordinator.controlToken}` };
  await fetch(`${coordinator.url}/control/clients/${client.kept.key}/ban`, { method: "POST", headers: operator });
  expect((await fetched(coordinator.url, { authorization })).status).toBe(401);
});
