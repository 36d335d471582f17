import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { presets } from "@tutti/core";
import { writePromptsFile } from "@tutti/model";
import { parseConfig, readBackboneSizes, readRun, startCoordinator, tunedParameters } from "@tutti/server";
import { temporaryFolder } from "@tutti/terminal/testing";
import { expect, test, vi } from "vitest";
import { createProgram } from "../program.ts";

const publicDir = join(import.meta.dirname, "../../../../public");

/** What `tutti predict` prints. */
async function predicted(...words: readonly string[]): Promise<string> {
  const lines: string[] = [];
  const log = vi.spyOn(console, "log").mockImplementation((line) => void lines.push(String(line)));
  await createProgram()
    .parseAsync(["predict", ...words, "--public", publicDir], { from: "user" })
    .finally(() => log.mockRestore());
  return lines.join("\n");
}

test("predict takes a run's id, its folder or its prompts file, and says what else it was given", async () => {
  const folder = temporaryFolder();
  const places = { dataDir: folder.path, publicDir, pagesDir: null, host: "127.0.0.1", port: 0, logLevel: "silent", runId: "mine" };
  const config = parseConfig({ ...places, run: { ...presets.demo, seed: 5 } });
  const tuned = tunedParameters(config.run, readBackboneSizes(publicDir, config.run.backbone), 4);
  const coordinator = await startCoordinator(config, { tuned });
  await vi.waitFor(() => expect(coordinator.status().message).toContain("devices have registered"), { interval: 5 });
  await coordinator.close();
  const { run: settings, newcomerParams } = await readRun(folder.path, "mine");
  const file = join(folder.path, "mine", "prompts.safetensors");
  await writeFile(file, writePromptsFile({ runId: "mine", settings, params: newcomerParams ?? {} }));
  const text = "The parcel came two days late";
  const byId = await predicted("--prompts", "mine", "--runs", folder.path, text);
  expect(byId.split("\n")).toHaveLength(5); // the text and four classes
  expect(await predicted("--prompts", join(folder.path, "mine"), text)).toBe(byId);
  expect((await predicted("--prompts", file, text)).split("\n")).toHaveLength(5);
  await expect(predicted("--prompts", join(folder.path, "none.safetensors"), text)).rejects.toThrow(
    "does not exist: give a run's id, its folder, or the prompts.safetensors in it",
  );
  await expect(predicted("--prompts", "yours", "--runs", folder.path, text)).rejects.toThrow("has no run yours; its runs are mine");
  folder.remove();
}, 60_000);
