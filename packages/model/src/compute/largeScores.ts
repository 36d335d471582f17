import { sha256Hex } from "@tutti/core";
import type { PackedBackbone } from "../backbone/packed.ts";
import type { StepProgress } from "../trainer.ts";
import { batchesOf } from "../training/evaluation.ts";
import type { Tuned } from "../training/gradient.ts";
import type { EncodedExample } from "../training/objective.ts";
import { throwIfAborted, yieldToEvents } from "../training/pause.ts";
import { type KeptPosition, keepTop } from "./keptDifference.ts";
import type { KeptTexts } from "./keptFile.ts";
import { numPredicted, scoresOfTexts } from "./publicTexts.ts";

/** The two models, and what both read. */
export interface ModelPair {
  readonly large: Tuned;
  readonly small: Tuned;
  readonly texts: readonly EncodedExample[];
}

/** How far it is, and whether it is still wanted. */
export interface ScoringOptions {
  readonly topK: number;
  readonly onStep?: ((progress: StepProgress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Runs both models once over the public texts. */
export async function scoreDifference({ large, small, texts }: ModelPair, { topK, onStep, signal }: ScoringOptions): Promise<KeptTexts> {
  const kept: KeptPosition[][] = texts.map(() => []);
  const batches = batchesOf(texts);
  let [errorSum, numPositions] = [0, 0];
  for (const [step, indices] of batches.entries()) {
    throwIfAborted(signal);
    const batch = indices.map((index) => texts[index]);
    const ofLarge = await scoresOfTexts(large, null, batch);
    const ofSmall = await scoresOfTexts(small, null, batch);
    let row = 0;
    for (const index of indices) {
      for (let i = 0; i < numPredicted(texts[index]); i++, row++) {
        const { position, error } = keepTop(ofLarge[row], ofSmall[row], topK);
        kept[index].push(position);
        errorSum += error;
        numPositions += 1;
      }
    }
    onStep?.({ step: step + 1, numSteps: batches.length, loss: 0 });
    await yieldToEvents();
  }
  return { texts: kept, topKError: numPositions === 0 ? 0 : errorSum / numPositions };
}

/** What the difference follows from: both backbones' files, the texts as they are read, and how much of it is kept. */
export async function contentKey(
  [large, small]: readonly [PackedBackbone, PackedBackbone],
  texts: readonly EncodedExample[],
  topK: number,
): Promise<string> {
  const filesOf = ({ name, manifest }: PackedBackbone) => manifest?.shards.map(({ sha256 }) => sha256) ?? [name];
  const read = texts.map(({ ids, answer }) => [ids, answer?.start ?? null]);
  return sha256Hex(new TextEncoder().encode(JSON.stringify(["difference 1", filesOf(large), filesOf(small), read, topK])));
}
