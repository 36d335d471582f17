import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { createBlobStore } from "./blobs.ts";

test("a blob is compressed once for everyone, and not at all where that would make it larger", async () => {
  const blobs = createBlobStore();
  const even = new Uint8Array(5000).fill(7);
  const short = Uint8Array.from([1, 2, 3]);
  const [evenHash, shortHash] = [even, short].map((bytes) => blobs.hold("test", bytes).sha256);
  const gzipped = await blobs.compressed(evenHash ?? "");
  expect(new Uint8Array(gunzipSync(gzipped ?? new Uint8Array()))).toEqual(even);
  expect(await blobs.compressed(evenHash ?? "")).toBe(gzipped);
  expect(await blobs.compressed(shortHash ?? "")).toBeNull();
  blobs.keepOnly("test", new Set());
  expect(await blobs.compressed(evenHash ?? "")).toBeNull();
});
