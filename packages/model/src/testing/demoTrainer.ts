import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { createRandom, initialParams, type Params, presets, type RunSettings } from "@tutti/core";
import { createTrainer } from "../device.ts";
import { loadBackboneFolder } from "../node.ts";
import type { LoadProgress, Trainer, TrainerReady } from "../trainer.ts";
import { tunedLayout } from "../tuning/layout.ts";

/** Answers for http://tutti.test/… out of the repository's public folder. */
export const publicFiles: typeof fetch = async (url) => {
  const { pathname } = new URL(String(url));
  return new Response(await readFile(fileURLToPath(new URL(`../../../../public${pathname}`, import.meta.url))));
};

/** A trainer on wasm with minuet and feedback/topic, and the parameters a run starts from. */
export async function demoTrainer(
  change: Partial<RunSettings> = {},
): Promise<{ trainer: Trainer; ready: TrainerReady; run: RunSettings; initial: Params; progress: LoadProgress[] }> {
  const run: RunSettings = { ...presets.demo, ...change };
  const trainer = createTrainer({ fetch: publicFiles });
  const progress: LoadProgress[] = [];
  const ready = await trainer.start(
    {
      run,
      manifestUrl: "http://tutti.test/backbones/minuet/manifest.json",
      datasetUrl: "http://tutti.test/datasets/feedback/",
      backend: "wasm",
      threads: 1,
    },
    (step) => progress.push(step),
  );
  const { config } = await loadBackboneFolder(fileURLToPath(new URL("../../../../public/backbones/minuet", import.meta.url)));
  const initial = initialParams(tunedLayout(config, run.tuning, 4).entries, createRandom(run.seed));
  return { trainer, ready, run, initial, progress };
}
