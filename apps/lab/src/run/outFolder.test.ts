import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { simulatedRun } from "@tutti/record/testing";
import { temporaryFolder } from "@tutti/terminal/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type OutFolder, openOutFolder } from "./outFolder.ts";
import { recall, setBadAside } from "./readFolder.ts";

let folder: ReturnType<typeof temporaryFolder>;
let out: OutFolder;
beforeEach(async () => {
  folder = temporaryFolder();
  out = await openOutFolder(folder.path);
});
afterEach(() => folder.remove());

const run = (id: string) => ({ ...simulatedRun({ method: "lora", task: "subj", seed: 3 }), id });
const write = async (path: string, text: string) => {
  await mkdir(dirname(join(folder.path, path)), { recursive: true });
  await writeFile(join(folder.path, path), text);
};
const setAside = async () => {
  const lines: string[] = [];
  await setBadAside(out, (line) => lines.push(line));
  return lines;
};

test("results that cannot serve are told one by one with path and reason, set aside, and their runs are open again", async () => {
  await out.writeResult(run("whole"));
  await write("runs/torn/result.json", '{"id":"torn","error":nu');
  await write("runs/empty/result.json", "");
  await write("runs/shapeless/result.json", '{"error":null}');
  await mkdir(join(folder.path, "runs/begun"));
  await write("runs/notes.txt", "mine");
  const { runs, unfinished, bad } = await out.readResults();
  expect([...runs.keys()]).toEqual(["whole"]);
  expect([...unfinished].sort()).toEqual(["begun", "empty", "shapeless", "torn"]);
  expect(bad).toHaveLength(3);
  const lines = await setAside();
  const lineOf = (id: string) => lines.find((line) => line.startsWith(join(folder.path, "runs", id, "result.json")));
  expect(lineOf("torn")).toMatch(/ is not a valid result \(.*JSON.*\); it is now result\.json\.bad, and the run is repeated\.$/);
  expect(lineOf("empty")).toContain("(Unexpected end of JSON input)");
  expect(lineOf("shapeless")).toMatch(/\(id: not given, expected text\)/);
  expect(await readdir(join(folder.path, "runs/torn"))).toEqual(["result.json.bad"]);
  expect(await setAside()).toEqual([]);
});

test("what was set aside stays when the run is made again, and when its result breaks once more", async () => {
  await write("runs/torn/result.json", "first");
  await setAside();
  await write("runs/torn/journal/data.mdb", "");
  await out.writeResult(run("torn"));
  expect((await readdir(join(folder.path, "runs/torn"))).sort()).toEqual(["result.json", "result.json.bad"]);
  await write("runs/torn/result.json", "second");
  expect((await setAside())[0]).toContain("it is now result.json.bad-2");
  const texts = ["result.json.bad", "result.json.bad-2"].map((name) => readFile(join(folder.path, "runs/torn", name), "utf8"));
  expect(await Promise.all(texts)).toEqual(["first", "second"]);
});

test("a result that is there and cannot be read stops with its name, and does not count as not made yet", async () => {
  const path = join(folder.path, "runs/odd/result.json");
  await mkdir(path, { recursive: true });
  const failure = await out.readResults().catch((error: unknown) => error);
  expect(failure).toMatchObject({
    message: `${path} cannot be read; make it readable, or move it away and the lab makes it again`,
  });
  expect(failure).toMatchObject({ cause: { code: "EISDIR" } });
});

test("a pool's memory that cannot serve begins again with a line", async () => {
  const lines: string[] = [];
  const remembered = () => recall(out, (line) => lines.push(line));
  expect(await remembered()).toBeNull();
  expect(lines).toEqual([]);
  await write("pool.json", "");
  expect(await remembered()).toBeNull();
  await write("pool.json", '{"ports":[8080],"backend":"gpu","startedAt":"now"}');
  expect(await remembered()).toBeNull();
  expect(lines[0]).toBe(
    `${join(folder.path, "pool.json")} is not valid (Unexpected end of JSON input); the lab chooses ports and backend again.`,
  );
  expect(lines[1]).toMatch(/pool\.json is not valid \(backend: .*webgpu.*\); the lab chooses ports/);
  const memory = { ports: [8080, 0], backend: "wasm", startedAt: "2026-01-02T03:04:05.000Z" } as const;
  await out.writeMemory(memory);
  expect(await remembered()).toEqual(memory);
});
