import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { createRandom, initialParams, methods, presets, type RunSettings } from "@tutti/core";
import { parseManifest, readPromptsFile, tunedLayout, writePromptsFile } from "@tutti/model";
import { readStartParams } from "@tutti/model/node";
import { readRun } from "@tutti/server";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { createProgram } from "../program.ts";
import { parseRunSettings } from "./runSettings.ts";

const publicFolder = fileURLToPath(new URL("../../../../public", import.meta.url));
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tutti-cli-export-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** What `tutti prompt export` prints; rejects as the command does. */
async function exported(...words: string[]): Promise<string> {
  const lines: string[] = [];
  const spy = vi.spyOn(console, "log").mockImplementation((line: unknown) => void lines.push(String(line)));
  try {
    const program = createProgram();
    for (const command of program.commands.flatMap((one) => [one, ...one.commands])) command.configureOutput({ writeErr: () => undefined });
    await program.parseAsync(["prompt", "export", ...words, "--public", publicFolder], { from: "user" });
    return lines.join("\n");
  } finally {
    spy.mockRestore();
  }
}

const settings: RunSettings = { ...presets.demo, task: "feedback/topic" };

async function manifest() {
  return parseManifest(await readFile(join(publicFolder, "backbones/minuet/manifest.json")));
}

/** Tuned prompts on minuet as a file; answers what they are. */
async function promptsFile(path: string, run: RunSettings = settings) {
  const params = initialParams(tunedLayout((await manifest()).config, run.tuning, 4).entries, createRandom(3));
  await writeFile(path, writePromptsFile({ runId: "one", settings: run, params }));
  return params;
}

test("a prompts file becomes a peft adapter that a run can start from, and back a prompts file", async () => {
  const file = join(folder, "prompts.safetensors");
  const params = await promptsFile(file);
  const out = join(folder, "adapter");
  const said = await exported(file, "--format", "peft", "--out", out);
  expect(said).toContain("adapter: adapter_config.json, adapter_model.safetensors, README.md, head.safetensors");
  expect((await readdir(out)).sort()).toEqual(["README.md", "adapter_config.json", "adapter_model.safetensors", "head.safetensors"]);
  expect(JSON.parse(await readFile(join(out, "adapter_config.json"), "utf8"))).toMatchObject({
    peft_type: "PREFIX_TUNING",
    base_model_name_or_path: "minuet",
    num_layers: 6,
    token_dim: 128,
  });
  expect((await readStartParams(out, await manifest(), settings)).params).toEqual(params);
  await exported(file, "--format", "peft", "--out", out); // an export may take an earlier one's place
  await exported(file, "--format", "safetensors", "--out", join(folder, "again"));
  expect(readPromptsFile(await readFile(join(folder, "again/prompts.safetensors")), parseRunSettings)).toEqual({
    runId: "one",
    settings,
    params,
  });
});

test("a run in its folder is exported by its id and by its folder, from its journal, though it is not over", async () => {
  const runs = join(folder, "runs");
  await mkdir(join(runs, "older/journal"), { recursive: true });
  const packed = fileURLToPath(new URL("../../../server/src/testing/olderRuns/prompts-that-stay.mdb.gz", import.meta.url));
  await writeFile(join(runs, "older/journal/data.mdb"), gunzipSync(await readFile(packed)));
  const { newcomerParams } = await readRun(runs, "older");
  const places = [join(folder, "by-id"), join(folder, "by-folder")];
  await exported("older", "--runs", runs, "--format", "safetensors", "--out", places[0] ?? "");
  await exported(join(runs, "older"), "--format", "safetensors", "--out", places[1] ?? "");
  for (const place of places) {
    const { runId, params } = readPromptsFile(await readFile(join(place, "prompts.safetensors")), parseRunSettings);
    expect([runId, params]).toEqual(["older", newcomerParams]);
  }
});

test("what cannot be exported is refused with the reason, and no other file is lost", async () => {
  const file = join(folder, "refused.safetensors");
  await promptsFile(file, methods.idpg.settings(settings));
  const out = join(folder, "refused");
  await expect(exported(file, "--format", "peft", "--out", out)).rejects.toThrow(
    "tuning.method idpg has no adapter of peft: it makes a prompt from each text",
  );
  await expect(readdir(out)).rejects.toThrow("ENOENT");
  await mkdir(out);
  await writeFile(join(out, "thesis.tex"), "\\end");
  await expect(exported(file, "--format", "safetensors", "--out", out)).rejects.toThrow(
    "refused holds thesis.tex, which an export does not write",
  );
  expect(await readdir(out)).toEqual(["thesis.tex"]);
  await expect(exported("nowhere", "--runs", folder, "--format", "peft", "--out", out)).rejects.toThrow("has no runs");
  await expect(exported(file, "--out", out)).rejects.toThrow("--format");
  await promptsFile(file, { ...settings, backbone: "elsewhere" });
  await expect(exported(file, "--format", "peft", "--out", join(folder, "new"))).rejects.toThrow("there is no backbone elsewhere in");
});
