import { createRandom } from "@tutti/core";
import { createPrompter, numClassesOf, taskOfRun } from "@tutti/data";
import { loadBackbone } from "../backbone/load.ts";
import { startWanted, withNotice } from "../device.ts";
import { requireAnswering } from "../textReader.ts";
import { createTokenizer } from "../tokenizer.ts";
import type { LoadProgress } from "../trainer.ts";
import { admitTransformer } from "../training/admitTransformer.ts";
import { createTuner } from "../tuning/createTuner.ts";
import { tunedLayout } from "../tuning/layout.ts";
import { fetchSourcePrompts } from "../tuning/sourcePrompts.ts";
import { fetchTextOf, type LoadPorts, refuseUnusable } from "../workplace.ts";
import { createTryout } from "./createTryout.ts";
import type { Tryout, TryoutSetup } from "./tryout.ts";

/** Starts the backend and loads backbone, tokenizer and task side by side, but no data set; tests the backend as a trainer does. */
export async function openTryout(
  setup: TryoutSetup,
  ports: LoadPorts,
  onProgress: (progress: LoadProgress) => void,
  signal?: AbortSignal,
): Promise<Tryout> {
  const { run } = setup;
  const fetchText = fetchTextOf(setup, ports, onProgress, signal);
  const starting = startWanted(setup, (backend) => onProgress({ phase: "backend", backend, doneBytes: 0, totalBytes: 0 }));
  const loading = loadBackbone({
    ...ports,
    manifestUrl: setup.manifestUrl,
    checkManifest: async (manifest) => refuseUnusable(manifest, (await starting).backend, run.tuning),
    onProgress: (progress) => onProgress({ phase: "backbone", ...progress }),
    signal,
  });
  const prompts = fetchSourcePrompts(run, (path) => fetchText(`../../${path}`));
  const [{ backend, threads, reason, why, measured }, backbone, task, sourcePrompts] = await Promise.all([
    starting,
    loading,
    taskOfRun(run, fetchText),
    prompts,
  ]);
  if (task.kind !== "classification") requireAnswering(task, backbone.config);
  onProgress({ phase: "admission", doneBytes: 0, totalBytes: 0 });
  const { transformer, notice, admission } = await admitTransformer(backbone, setup.kernels);
  if (!admission.isPassed) {
    transformer.dispose();
    throw new Error(`this computer calculates other numbers than expected (${admission.detail}): try another browser`);
  }
  const tokenizer = createTokenizer(backbone.tokenizerJson ?? "", backbone.tokenizerConfig);
  const layout = tunedLayout(backbone.config, run.tuning, numClassesOf(task));
  const tuner = createTuner(transformer, run.tuning, { random: createRandom(run.seed), sourcePrompts });
  const prompter = task.kind === "classification" ? null : await createPrompter(task, backbone.tokenizerConfig);
  const started = { backend, threads, ...withNotice({ reason, why }, notice), ...(measured === undefined ? {} : { measured }) };
  return createTryout({ run, backbone, task, prompter, ports, transformer, tokenizer, layout, tuner }, started);
}
