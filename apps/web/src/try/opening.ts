import { datasetFolder } from "@tutti/data";
import type { TryoutSetup } from "@tutti/model";
import type { RunInfo } from "@tutti/protocol";
import { placeOfExamples } from "../examples/keptExamples.ts";
import type { PageParams } from "../join/queryParams.ts";
import { fetchRunInfo } from "../join/runInfo.ts";
import { backendMemory } from "../storage/rememberedBackend.ts";
import trainingScript from "../training/worker.ts?worker&url";
import { fetchExampleTexts } from "./exampleTexts.ts";
import { largeBytes, largeOf } from "./largeModel.ts";
import { openOwnTable } from "./ownTable.ts";
import type { TryContext } from "./tryContext.ts";
import type { Question } from "./tryView.ts";
import { openTryWorkshop } from "./workshop.ts";

/** Learns what the run is and loads its model; `onExample` gets a text where nobody has typed one. */
export async function openRun(context: TryContext, params: PageParams, onExample: (example: Question) => void): Promise<void> {
  const { view, show, folder } = context;
  const run = await fetchRunInfo(folder, "try");
  show({ run, loading: { kind: "loading", progress: null }, large: largeOf(run) });
  void offerExamples(context, run, onExample);
  void tellLargeBytes(context, run);
  // the training worker's name holds a hash of everything that computes: what was measured on the join page holds here
  const memory = backendMemory({ storage: () => localStorage, version: trainingScript, userAgent: navigator.userAgent, now: Date.now });
  const setup = setupFor(run, params, folder);
  const remembered = setup.backend === "auto" ? memory.recall() : null;
  const onProgress = (progress: Parameters<Parameters<typeof openTryWorkshop>[1]>[0]) => show({ loading: { kind: "loading", progress } });
  const { asker, ready } = await openTryWorkshop({ ...setup, remembered }, onProgress);
  if (ready.measured !== undefined) memory.remember(ready.measured);
  context.asker = asker;
  const { question } = view.value;
  const isPair = ready.task.kind === "classification" && ready.task.fields.textB !== null;
  if (ready.task.kind === "classification") {
    context.ownTable = openOwnTable(placeOfExamples(folder, params.tab, ready.task));
    void context.ownTable.isInUse().then((hasOwnExamples) => show({ hasOwnExamples }));
  }
  show({ loading: { kind: "ready", ready }, question: { ...question, textB: isPair ? (question.textB ?? "") : null } });
}

async function offerExamples({ view, show, folder }: TryContext, run: RunInfo, onExample: (example: Question) => void): Promise<void> {
  const examples = await fetchExampleTexts(run, folder);
  show({ examples });
  if (view.value.question.text === "" && examples[0] !== undefined) onExample(examples[0]);
}

/** A server that does not have the large model offers none. */
async function tellLargeBytes({ view, show, folder }: TryContext, run: RunInfo): Promise<void> {
  const { large } = view.value;
  if (large === null) return;
  const numBytes = await largeBytes(run, large.name, folder);
  show({ large: numBytes === null ? null : { ...large, numBytes } });
}

function setupFor({ run, urls }: RunInfo, { backend, threads, kernels }: PageParams, folder: string): TryoutSetup {
  return {
    run,
    manifestUrl: new URL(urls.backbone, folder).href,
    datasetUrl: new URL(`${datasetFolder(run.task)}/`, new URL(urls.dataset, folder)).href,
    backend,
    askedBy: "address",
    threads,
    kernels,
    wasmPath: new URL("wasm/", folder).href,
  };
}
