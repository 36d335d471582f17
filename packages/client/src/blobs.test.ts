import { sha256Hex } from "@tutti/core";
import { expect, test } from "vitest";
import { createBlobs } from "./blobs.ts";

test("at most three requests are under way at once, and each blob is asked for below the coordinator's folder once (P-63)", async () => {
  const contents = Array.from({ length: 8 }, (_, i) => Uint8Array.of(i, i, i));
  const byName = new Map<string, Uint8Array<ArrayBuffer>>();
  for (const bytes of contents) byName.set(await sha256Hex(bytes), bytes);
  const asked: string[] = [];
  const answers: (() => void)[] = [];
  let most = 0;
  const blobs = createBlobs({
    folder: "https://example.org/tutti/",
    async fetch(url) {
      asked.push(url);
      most = Math.max(most, answers.length + 1);
      await new Promise<void>((resolve) => answers.push(resolve));
      return new Response(byName.get(url.split("/").at(-1) ?? ""));
    },
    onReceived: () => undefined,
  });
  const names = [...byName.keys()];
  const all = Promise.all([...names, ...names].map((sha256) => blobs.bytes({ sha256, numBytes: 3 })));
  let isDone = false;
  void all.then(() => {
    isDone = true;
  });
  while (!isDone) {
    answers.shift()?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(await all).toEqual([...contents, ...contents]);
  expect(most).toBe(3);
  expect(asked).toEqual(names.map((name) => `https://example.org/tutti/blobs/${name}`));
});
