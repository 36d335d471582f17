import { startBackend } from "../backends.ts";
import { offerThreads } from "../kernels/wasm/install.ts";
import type { ThreadPort } from "../kernels/wasm/threads/serve.ts";
import { type Contestant, ownContestant } from "./contestants.ts";
import { type BackboneShape, randomBackbone } from "./shapes.ts";

/** What is measured with one thread and with more. */
export type ThreadedStep = "minuet" | "layer";

const shapes: Readonly<Record<ThreadedStep, BackboneShape>> = {
  minuet: { family: "roberta", hiddenSize: 128, intermediateSize: 512, numLayers: 6, numHeads: 4, vocabSize: 8192 },
  layer: { family: "roberta", hiddenSize: 768, intermediateSize: 3072, numLayers: 1, numHeads: 12, vocabSize: 512 },
};
const batch = { numTexts: 8, numTokens: 32 };

/** Training steps on WASM with the threads behind these ports: answers how many threads there are and what takes a step and its milliseconds. */
export async function threadSteps(ports: readonly ThreadPort[], wasmPath: string) {
  offerThreads(ports);
  const { threads } = await startBackend("wasm", { threads: 1 + ports.length, wasmPath });
  const contestants = new Map<ThreadedStep, Contestant>();
  return {
    threads,
    async step(which: ThreadedStep): Promise<number> {
      const contestant = contestants.get(which) ?? ownContestant(randomBackbone(shapes[which], "int8"), batch, "fast");
      contestants.set(which, contestant);
      const start = performance.now();
      await contestant.step();
      return performance.now() - start;
    },
  };
}
