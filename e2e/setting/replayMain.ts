import { readFile, writeFile } from "node:fs/promises";
import { createStrategy } from "@tutti/core";
import { writeSafetensors } from "@tutti/model";
import { create, globals } from "webgpu";
import { replayRun } from "./replay.ts";

/** `replayMain.ts <settings.json> <public folder> <out.safetensors>`: computes a run on Dawn and writes what a newcomer gets. */
async function main([settingsPath = "", publicFolder = "", out = ""]: readonly string[]): Promise<void> {
  // what the WebGPU backend looks for in a worker
  Object.assign(globalThis, globals);
  Object.defineProperty(globalThis, "navigator", { value: { gpu: create([]), hardwareConcurrency: 1 }, configurable: true });
  Object.defineProperty(globalThis, "WorkerGlobalScope", { value: class {}, configurable: true });
  const run = JSON.parse(await readFile(settingsPath, "utf8"));
  const { state } = await replayRun(run, publicFolder, { backend: "webgpu" });
  const strategy = createStrategy(run);
  await writeFile(out, writeSafetensors(strategy.newcomerParams(state), { summary: JSON.stringify(strategy.summary(state)) }));
}

await main(process.argv.slice(2));
process.exit(0); // Dawn keeps the process alive
