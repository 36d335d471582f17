import { join } from "node:path";
import { createRandom, initialParams, presets, shapesOf } from "@tutti/core";
import { findClassification } from "@tutti/data";
import { createTrainer, loadBackbone, noCache, tunedLayout } from "@tutti/model";
import { fetchFile, localUrls } from "@tutti/model/node";
import { projectFolder } from "@tutti/server/checkout";
import { type BenchRow, median, row } from "./rows.ts";

const run = presets.demo;

/** One prompt-tuning step of the demo (minuet, batch of 8) on single-threaded WASM in this process. */
export async function benchTrainingStep(): Promise<BenchRow[]> {
  const urls = localUrls(join(projectFolder, "public"), run);
  const ports = { fetch: fetchFile, cache: noCache() };
  const trainer = createTrainer(ports);
  const ready = await trainer.start({ run, ...urls, backend: "wasm", threads: 1 }, () => undefined);
  const { config } = await loadBackbone({ ...ports, manifestUrl: urls.manifestUrl });
  const layout = tunedLayout(config, run.tuning, findClassification(run.task, "a training step").classes.length);
  const params = initialParams(layout.entries, createRandom(run.seed));
  const { numExamples } = await trainer.addDevice(0, { kind: "share", index: 0 });
  const { localEpochs: epochs, batchSize } = run.training;
  const times: number[] = [];
  for (let round = 1; round <= 3; round++) {
    let before = performance.now();
    await trainer.compute(
      {
        deviceId: 0,
        stage: "train",
        round,
        attempt: 1,
        spec: { kind: "train", warmupSteps: 0, epochs, isPersonalised: false },
        parameterSets: { global: params },
        expects: { shapes: shapesOf(params), encoding: run.contributionEncoding, batchSize, numExamples },
      },
      null,
      () => {
        const now = performance.now();
        times.push(now - before);
        before = now;
      },
    );
  }
  await trainer.stop();
  const warm = times.slice(Math.floor(times.length / 3));
  return [row(`training step of minuet, batch of ${batchSize}, ${ready.backend} × ${ready.threads}`, median(warm), "ms")];
}
