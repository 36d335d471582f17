import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { downloadModel } from "./hub.ts";
import { convertBackbone, readCheckpoint } from "./node.ts";
import { goldenCheckpoint, type MemoryFiles } from "./testing/goldenBackbone.ts";
import { type HubServer, type HubServerOptions, hubCommit, startHubServer } from "./testing/hubServer.ts";

const id = "tutti-test/tiny-roberta";
let folder: string;
let server: HubServer | null = null;
let waits: number[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tutti-hub-"));
  waits = [];
});
afterEach(async () => {
  await server?.close();
  server = null;
  await rm(folder, { recursive: true });
});

async function serve(options: Partial<HubServerOptions> = {}): Promise<{ files: MemoryFiles; url: string }> {
  const files = await goldenCheckpoint("roberta");
  files.set("README.md", new Uint8Array(Buffer.from("# tiny")));
  files.set("flax_model.msgpack", new Uint8Array(9));
  server = await startHubServer({ id, files, ...options });
  return { files, url: server.url };
}

const download = (hubUrl: string, more: { accessToken?: string; id?: string } = {}) =>
  downloadModel({ id, hubUrl, folder, wait: async (milliseconds) => waits.push(milliseconds), ...more });

test("a model is fetched at one commit, what is not needed stays there, and the folder converts", async () => {
  const { url, files } = await serve();
  const model = await download(`${url}/`);
  expect(model).toEqual({ commit: hubCommit, folder: join(folder, hubCommit), licence: "apache-2.0" });
  expect((await readdir(model.folder)).sort()).toEqual(["README.md", "config.json", "model.safetensors", "tokenizer.json"]);
  expect(new Uint8Array(await readFile(join(folder, hubCommit, "model.safetensors")))).toEqual(files.get("model.safetensors"));
  const { manifest } = await convertBackbone(model.folder, join(folder, "out"), {
    name: "tiny",
    encoding: "f32",
    source: id,
    licence: "apache-2.0",
  });
  expect(manifest.numParameters).toBe((await readCheckpoint(model.folder)).numParameters);
});

test("a connection that breaks off midway is taken up at the byte where it broke", async () => {
  const { url, files } = await serve({ breakAfter: 50_000 });
  await download(url);
  const size = files.get("model.safetensors")?.length ?? 0;
  const ranges = (server?.requests ?? []).filter(({ path }) => path === "model.safetensors").map(({ range }) => range);
  expect(ranges).toEqual([null, `bytes=50000-${size - 1}`, `bytes=100000-${size - 1}`]);
  expect(new Uint8Array(await readFile(join(folder, hubCommit, "model.safetensors")))).toEqual(files.get("model.safetensors"));
});

test("a second command continues what the first left behind, and fetches nothing that is whole", async () => {
  const { url, files } = await serve();
  const whole = files.get("model.safetensors") ?? new Uint8Array(0);
  await mkdir(join(folder, hubCommit));
  await writeFile(join(folder, hubCommit, "model.safetensors.part"), whole.subarray(0, 70_001));
  await download(url);
  expect((server?.requests ?? []).at(-1)?.range).toBe(`bytes=70001-${whole.length - 1}`);
  expect(new Uint8Array(await readFile(join(folder, hubCommit, "model.safetensors")))).toEqual(whole);
  const before = server?.requests.length;
  await download(url);
  expect(server?.requests.length).toBe(before);
});

test("a hub that sends nothing more is given up after five attempts, with what to do", async () => {
  const { url } = await serve({ breakAfter: 0 });
  await expect(download(url)).rejects.toThrow(
    /^config\.json of tutti-test\/tiny-roberta: stopped at 0 of 346 bytes, 5 attempts got no further/,
  );
  expect(waits).toEqual([1000, 2000, 4000, 8000]);
});

test("a token opens a private model, and without it the sentence says so", async () => {
  const { url } = await serve({ token: "hf_secret" });
  await expect(download(url)).rejects.toThrow(`there is no model ${id} on ${url}, or it is private: set HF_TOKEN`);
  await download(url, { accessToken: "hf_secret" });
  expect((server?.requests ?? []).every(({ token }) => token === "hf_secret")).toBe(true);
});

test("a damaged file is thrown away, not converted", async () => {
  const { url, files } = await serve({ damaged: new Map([["model.safetensors", new Uint8Array(119_736)]]) });
  expect(files.get("model.safetensors")?.length).toBe(119_736);
  await expect(download(url)).rejects.toThrow("model.safetensors of tutti-test/tiny-roberta arrived damaged");
  expect((await readdir(join(folder, hubCommit))).filter((name) => name.includes("model"))).toEqual([]);
});

test("an unknown model, a model of pickle files and a hub that is offline are told apart", async () => {
  const { url } = await serve();
  await expect(download(url, { id: "tutti-test/other" })).rejects.toThrow(`there is no model tutti-test/other on ${url}`);
  await server?.close();
  const offline = download(url);
  await expect(offline).rejects.toThrow(
    `${url} cannot be reached (ECONNREFUSED): go online, set HF_ENDPOINT to a mirror, or give a folder`,
  );
  const files = await goldenCheckpoint("roberta");
  files.delete("model.safetensors");
  files.set("pytorch_model.bin", new Uint8Array(9));
  server = await startHubServer({ id, files });
  await expect(download(server.url)).rejects.toThrow("the checkpoint has only pickle files (pytorch_model.bin)");
});
