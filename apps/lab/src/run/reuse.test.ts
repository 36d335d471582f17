import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { simulatedRun } from "@tutti/record/testing";
import { temporaryFolder } from "@tutti/terminal/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import { parseExperiment } from "../experiment/experimentFile.ts";
import { allRuns, planExperiment } from "../experiment/runPlan.ts";
import { type OutFolder, openOutFolder } from "./outFolder.ts";
import { reuseResults, takeOver } from "./reuse.ts";

let folder: ReturnType<typeof temporaryFolder>;
let other: OutFolder;
let out: OutFolder;
beforeEach(async () => {
  folder = temporaryFolder();
  [other, out] = [await openOutFolder(join(folder.path, "other")), await openOutFolder(join(folder.path, "out"))];
});
afterEach(() => folder.remove());

const result = (id: string, seed: number, error: string | null = null) => ({
  ...simulatedRun({ method: "lora", task: "subj", seed }),

  id,
  error,
  backend: "wasm",
});

test("results of the same runs are taken over; what failed there, is another run or is here already is not", async () => {
  for (const run of [result("same", 1), result("failed", 1, "it broke"), result("foreign", 1), result("known", 1), result("again", 1)])
    await other.writeResult(run);
  await out.writeResult(result("known", 2));
  await out.writeResult(result("again", 2, "it broke"));
  const planned = ["same", "failed", "known", "again", "new"].map((id) => ({ id }));
  expect(await reuseResults(out, (await other.readResults()).runs, planned)).toBe(2);
  const { runs } = await out.readResults();
  expect(Object.fromEntries([...runs].map(([id, { seed, error }]) => [id, [seed, error]]))).toEqual({
    same: [1, null],
    known: [2, null],
    again: [1, null],
  });
});

test("of another experiment nothing is taken over that was made on another backend or cannot serve, and nothing is changed there", async () => {
  const given = { title: "A", question: "B?", tasks: ["subj"], seeds: [1, 2, 3], methods: ["lora"] };
  const plan = planExperiment(parseExperiment(given, "mine.yaml"));
  const [first, second, third] = allRuns(plan).map(({ id }) => id);
  if (first === undefined || second === undefined || third === undefined) throw new Error("three runs were planned");
  await other.writeResult(result(first, 1));
  await other.writeResult({ ...result(second, 2), backend: "webgpu" });
  await other.writeResult(result(third, 3));
  const torn = join(other.runFolder(third), "result.json");
  await writeFile(torn, "{");
  const lines: string[] = [];
  const takeOn = (backend: "auto" | "webgpu") => takeOver({ out, folders: [other.path], plan, backend, say: (line) => lines.push(line) });
  await takeOn("webgpu");
  expect([...(await out.readResults()).runs.keys()]).toEqual([second]);
  expect(lines[0]).toMatch(/other\/runs\/.*\/result\.json is not a valid result \(.*JSON.*\) and is not used\.$/);
  expect(lines[1]).toBe(`1 result taken from ${other.path}; 1 result left there, not made on webgpu.`);
  await takeOn("auto");
  expect((await out.readResults()).runs.size).toBe(2);
  expect((await other.readResults()).bad).toMatchObject([{ path: torn }]);
});
