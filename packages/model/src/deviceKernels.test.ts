import * as tf from "@tensorflow/tfjs";
import { presets } from "@tutti/core";
import { expect, test } from "vitest";
import { createTrainer } from "./device.ts";
import { publicFiles } from "./testing/demoTrainer.ts";
import type { TrainerReady, TrainerSetup } from "./trainer.ts";

const setup: TrainerSetup = {
  run: presets.demo,
  manifestUrl: "http://tutti.test/backbones/minuet/manifest.json",
  datasetUrl: "http://tutti.test/datasets/feedback/",
  backend: "wasm",
  threads: 1,
};

/** Starts a trainer whose admission test finds the backend as `change` leaves it, trains on nothing and stops. */
async function started(more: Partial<TrainerSetup> = {}, change: () => void = () => undefined): Promise<TrainerReady> {
  const trainer = createTrainer({ fetch: publicFiles });
  const ready = await trainer.start({ ...setup, ...more }, ({ phase }) => {
    if (phase === "admission") change();
  });
  await trainer.stop();
  return ready;
}

/** A backend on which every norm's ε is wrong. */
function spoilNorms(): void {
  const norm = tf.getKernel("TuttiNorm", "wasm");
  tf.unregisterKernel("TuttiNorm", "wasm");
  tf.registerKernel({ ...norm, kernelFunc: (call) => norm.kernelFunc({ ...call, attrs: { ...call.attrs, epsilon: 0.5 } }) });
}

test("a trainer falls back to plain kernels where its own give other numbers, says so, and is admitted", async () => {
  const ready = await started({}, spoilNorms);
  expect(ready).toMatchObject({ kernels: "plain", admission: { isPassed: true } });
  expect(ready.reason).toMatch(
    /^WASM, because the run asks for it\. This computer's fast kernels gave other numbers \(relative error \de[-+]\d\)/,
  );
  expect(await started()).toMatchObject({ kernels: "fast", reason: "WASM, because the run asks for it" });
});

test("a trainer computes with plain kernels where the setup asks for them, and says so", async () => {
  const ready = await started({ kernels: "plain" });
  expect(ready).toMatchObject({ kernels: "plain", admission: { isPassed: true } });
  expect((await started({ askedBy: "address" })).reason).toBe("WASM, because this page’s address asks for it");
  expect((await started({ askedBy: "client" })).reason).toBe("WASM, because this client asks for it");
  expect(ready.reason).toBe("WASM, because the run asks for it. The fast kernels are turned off, as asked; the plain ones are used.");
});
