import { execFile } from "node:child_process";
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { loadAdapterScript } from "@tutti/server/checkout";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { createProgram } from "../program.ts";

const golden = (path: string) => fileURLToPath(new URL(`../../../../packages/model/golden/${path}`, import.meta.url));
let folder: string;
let backbones: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tutti-cli-backbones-"));
  backbones = join(folder, "backbones");
});
afterAll(() => rm(folder, { recursive: true }));

/** What a command prints; rejects as the command does. */
async function tutti(...words: string[]): Promise<string> {
  const lines: string[] = [];
  const spy = vi.spyOn(console, "log").mockImplementation((line: unknown) => void lines.push(String(line)));
  try {
    await createProgram().parseAsync([...words, "--backbones", backbones], { from: "user" });
    return lines.join("\n");
  } finally {
    spy.mockRestore();
  }
}

async function checkpointOf(family: string, name: string): Promise<string> {
  const checkpoint = join(folder, name);
  await cp(golden(family), checkpoint, { recursive: true });
  await writeFile(join(checkpoint, "README.md"), "---\nlicense: mit\n---\n# A tiny model\n");
  return checkpoint;
}

test("a folder becomes a backbone that can be listed, shown, verified and removed", { timeout: 60_000 }, async () => {
  const checkpoint = await checkpointOf("llama", "Tiny Llama");
  await expect(tutti("backbone", "add", checkpoint)).rejects.toThrow("or convert with --no-tokenizer to have the weights alone");
  const added = await tutti("backbone", "add", checkpoint, "--no-tokenizer", "--encoding", "f32");
  expect(added).toContain("tiny-llama: llama, 29,408 parameters, 96 tokens, 40 positions");
  expect(added).toMatch(/f32: 118 kB in 1 shard, and no tokenizer; licence: mit/);
  expect(added).toContain("Relative error of the encoding: weights 0, worst tensor 0");
  expect(added).toContain("logits 0");

  expect(await tutti("backbone", "list")).toMatch(/tiny-llama\s+llama\s+29,408\s+f32\s+118 kB\s+mit/);
  const shown = await tutti("backbone", "show", "tiny-llama");
  for (const line of [
    /positions\s+40/,
    /licence\s+mit/,
    /attention\s+\S+ kB/,
    /encoding error\s+weights 0/,
    /admission test\s+golden numbers stored/,
  ])
    expect(shown).toMatch(line);
  expect(JSON.parse(await tutti("backbone", "show", "tiny-llama", "--json"))).toMatchObject({ numParameters: 29_408, hasAdmission: true });

  expect(await tutti("backbone", "verify", "tiny-llama")).toContain("all files match the hashes in the manifest");
  expect(await tutti("backbone", "remove", "tiny-llama")).toContain("Removed ");
  expect(await tutti("backbone", "list")).toContain("No backbones in");
  await expect(tutti("backbone", "show", "tiny-llama")).rejects.toThrow("there is no backbone tiny-llama");
});

test("golden numbers are computed on it, within the tolerance in f32 and past it in int4", { timeout: 60_000 }, async () => {
  const checkpoint = await checkpointOf("gpt2", "tiny-gpt2");
  const verify = ["--golden", golden("gpt2/golden.json"), "--backend", "cpu", "--no-spectrum"];
  await tutti("backbone", "add", checkpoint, "--no-tokenizer", "--encoding", "f32", "--name", "exact");
  const report = join(folder, "errors.json");
  const printed = await tutti("backbone", "verify", "exact", ...verify, "--json", report);
  expect(printed).toMatch(/suffix losses\s+\d\.\de-\d\s+1e-5\s+ok/);
  expect(printed).not.toContain("TOO LARGE");
  const { kinds, backend } = JSON.parse(await readFile(report, "utf8"));
  expect(backend).toBe("cpu");
  expect(kinds.length).toBeGreaterThan(12);

  await tutti("backbone", "add", checkpoint, "--no-tokenizer", "--encoding", "int4", "--name", "coarse");
  const nowhere = join(folder, "nowhere", "errors.json");
  await expect(tutti("backbone", "verify", "exact", ...verify, "--json", nowhere)).rejects.toThrow("there is no folder");
  await expect(tutti("backbone", "verify", "coarse", ...verify, "--json", report)).rejects.toThrow(/^above the tolerance: .*logits/);
  expect(JSON.parse(await readFile(report, "utf8")).kinds.some(({ isWithin }: { isWithin: boolean }) => !isWithin)).toBe(true);
});

test("on webgpu a process without an adapter computes on Chromium's, and names it", { timeout: 180_000 }, async (context) => {
  const found = process.env.VK_ICD_FILENAMES ?? (await (await loadAdapterScript()).softwareAdapter()).VK_ICD_FILENAMES;
  if (found === undefined) return context.skip("skipped: no Chromium with a software adapter");
  const env = { ...process.env, VK_ICD_FILENAMES: undefined, LD_LIBRARY_PATH: undefined };
  await tutti("backbone", "add", await checkpointOf("bert", "tiny-gpu"), "--no-tokenizer", "--encoding", "f32", "--no-check");
  const command = ["backbone", "verify", "tiny-gpu", "--backbones", backbones, "--backend", "webgpu", "--no-spectrum"];
  const bin = fileURLToPath(new URL("../../bin/tutti.mjs", import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [bin, ...command, "--golden", golden("bert/golden.json")], { env });
  expect(stdout).toMatch(/computing on webgpu: \S+/);
  expect(stdout).toMatch(/gradient over vocabulary\s+\d\.\de-\d\s+1e-4\s+ok/);
  expect(stdout).not.toContain("TOO LARGE");
});

test("a changed byte and a missing shard are found", async () => {
  const checkpoint = await checkpointOf("bert", "tiny-bert");
  await tutti("backbone", "add", checkpoint, "--no-tokenizer", "--no-check");
  const { shards } = JSON.parse(await readFile(join(backbones, "tiny-bert", "manifest.json"), "utf8"));
  const file = join(backbones, "tiny-bert", `${shards[0].sha256}.bin`);
  const bytes = await readFile(file);
  bytes[1234] = (bytes[1234] ?? 0) ^ 1;
  await writeFile(file, bytes);
  await expect(tutti("backbone", "verify", "tiny-bert")).rejects.toThrow(
    /tiny-bert is damaged: [0-9a-f]{64}\.bin has other bytes than its hash/,
  );
  await rm(file);
  await expect(tutti("backbone", "verify", "tiny-bert")).rejects.toThrow("is missing. Add it again");
});

test("a hub id is fetched from HF_ENDPOINT with HF_TOKEN, and the download is cleared away", async () => {
  const files = new Map<string, Buffer>();
  for (const name of ["config.json", "model.safetensors"]) files.set(name, await readFile(join(golden("roberta"), name)));
  const tokens: (string | undefined)[] = [];
  const server = await serveHub("tiny-org/Tiny_Roberta", files, tokens);
  vi.stubEnv("HF_ENDPOINT", `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  vi.stubEnv("HF_TOKEN", "hf_of_mine");
  try {
    const downloads = join(folder, "downloads");
    const added = await tutti("backbone", "add", "tiny-org/Tiny_Roberta", "--no-tokenizer", "--no-check", "--downloads", downloads);
    expect(added).toContain("tiny_roberta: roberta");
    expect(added).toContain("licence: apache-2.0");
    expect(new Set(tokens)).toEqual(new Set(["Bearer hf_of_mine"]));
    expect(await tutti("backbone", "show", "tiny_roberta")).toMatch(/source\s+tiny-org\/Tiny_Roberta@abcdef012345/);
    expect(await readdir(join(downloads, "tiny-org--Tiny_Roberta"))).toEqual([]);
  } finally {
    vi.unstubAllEnvs();
    server.close();
  }
});

test("what is neither a folder nor a hub id is a usage error", async () => {
  await expect(tutti("backbone", "add", "./no/such/folder")).rejects.toThrow(
    "./no/such/folder does not exist: there is no such file or folder",
  );
  await expect(tutti("backbone", "add", "no such")).rejects.toThrow("no such does not exist");
  await expect(tutti("backbone", "add", golden("bert/config.json"))).rejects.toThrow("is a file: give the folder");
  await expect(tutti("backbone", "add", golden("bert"), "--name", "Über")).rejects.toThrow('"Über" cannot be a backbone\'s name');
});

test("another backbone of the same name is replaced and said to be, the one that comes with Tutti neither replaced nor removed", async () => {
  const add = (name: string) => tutti("backbone", "add", golden("bert"), "--no-tokenizer", "--no-check", "--name", name);
  const replaced = "It replaces the earlier backbone of that name.";
  expect(await add("twice")).not.toContain(replaced);
  expect(await add("twice")).toContain(replaced);
  await cp(join(backbones, "twice"), join(backbones, "minuet"), { recursive: true });
  await expect(add("minuet")).rejects.toThrow("minuet comes with Tutti: give yours another --name");
  await expect(tutti("backbone", "remove", "minuet")).rejects.toThrow("minuet comes with Tutti");
});

/** The hub's three routes for one model. */
async function serveHub(id: string, files: ReadonlyMap<string, Buffer>, tokens: (string | undefined)[]): Promise<Server> {
  const sha = "abcdef0123456789abcdef0123456789abcdef01";
  const server = createServer((request, response) => {
    tokens.push(request.headers.authorization);
    const path = (request.url ?? "").split("?")[0] ?? "";
    const json = (body: unknown) =>
      response.writeHead(200, { "Content-Type": "application/json", Connection: "close" }).end(JSON.stringify(body));
    if (path.startsWith(`/api/models/${id}/revision/`)) return json({ _id: "1", id, sha, cardData: { license: "apache-2.0" } });
    if (path === `/api/models/${id}/tree/${sha}`)
      return json([...files].map(([name, bytes]) => ({ type: "file", path: name, size: bytes.length, oid: "1" })));
    const bytes = files.get(path.replace(`/${id}/resolve/${sha}/`, ""));
    if (bytes === undefined) return response.writeHead(404, { Connection: "close" }).end();
    const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "") ?? [];
    const part = first === undefined ? bytes : bytes.subarray(Number(first), Number(last) + 1);
    const range = first === undefined ? {} : { "Content-Range": `bytes ${first}-${last}/${bytes.length}` };
    return response.writeHead(first === undefined ? 200 : 206, { ETag: '"a"', Connection: "close", ...range }).end(part);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}
