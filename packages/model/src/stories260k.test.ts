import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startBackend } from "./backends.ts";
import { convertBackbone, loadBackboneFolder } from "./node.ts";
import { goldenTolerance, verifyBackbone } from "./verify/verifyBackbone.ts";

const source = fileURLToPath(new URL("../../../../shared/backbones/stories260k", import.meta.url));
const isThere = existsSync(source);

describe.runIf(isThere)("stories260k, a real LLaMA-style model", () => {
  let folder: string;
  let golden: unknown;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "tutti-stories-"));
    await convertBackbone(source, folder, { name: "stories260k", encoding: "f32", source: "stories260k", licence: "MIT" });
    golden = JSON.parse(await readFile(join(source, "golden.json"), "utf8"));
  });
  afterAll(() => rm(folder, { recursive: true }));

  test.each(["cpu", "wasm"] as const)("on %s its tokens, its logits and its 60-token greedy text are the reference's", async (backend) => {
    await startBackend(backend);
    const errors = await verifyBackbone(await loadBackboneFolder(folder), golden);
    expect(Object.keys(errors).sort()).toEqual([
      "greedy text",
      "greedy tokens",
      "last hidden state",
      "logits",
      "mean token loss",
      "tokens",
    ]);
    for (const [kind, error] of Object.entries(errors)) expect(error, kind).toBeLessThan(goldenTolerance(kind, backend) ?? 0);
  });
});

test.runIf(!isThere)("skipped: no ../shared", () => {
  expect(isThere).toBe(false);
});
