import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { LabRun } from "../experiments/labResult.ts";
import { openOutFolder } from "./outFolder.ts";
import { reuseResults } from "./reuse.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tutti-reuse-"));
});
afterAll(() => rm(folder, { recursive: true }));

const result = (id: string, seed: number, error: string | null = null) => ({ id, seed, error }) as LabRun;

test("results of the same runs are taken over; what failed there, is another run or is here already is not", async () => {
  const [other, out] = [await openOutFolder(join(folder, "other")), await openOutFolder(join(folder, "out"))];
  for (const run of [result("same", 1), result("failed", 1, "it broke"), result("foreign", 1), result("known", 1), result("again", 1)])
    await other.writeResult(run);
  await out.writeResult(result("known", 2));
  await out.writeResult(result("again", 2, "it broke"));
  const planned = ["same", "failed", "known", "again", "new"].map((id) => ({ id }));
  expect(await reuseResults(out, other.path, planned)).toBe(2);
  const results = await out.readResults();
  expect(Object.fromEntries([...results].map(([id, { seed, error }]) => [id, [seed, error]]))).toEqual({
    ...{ same: [1, null], known: [2, null], again: [1, null] },
  });
});
