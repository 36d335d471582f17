import * as tf from "@tensorflow/tfjs-core";
import type { OptimizerTensors } from "./optimizers.ts";

/** A step before it is known whether it counts. */
export interface TakenStep {
  readonly next: OptimizerTensors;
  readonly loss: tf.Scalar;
  /** Sum of the gradient's squares. */
  readonly squares: tf.Scalar;
  /** What is read of a step that counts; none by default. */
  readonly watched?: readonly tf.Tensor[];
}

/** Where a step's batch comes from. */
interface FromBatch {
  readonly epoch: number;
  /** Its examples, or the tokens of their answers. */
  readonly weight: number;
}

/** How steps are taken and who hears of them. */
export interface StepsOptions<Batch extends FromBatch> {
  /** Takes one from a state that it leaves alone; `numTaken` count before it. */
  take(state: OptimizerTensors, batch: Batch, numTaken: number): TakenStep;
  /** Hears of each batch in order; the loss of one that was skipped is not finite. */
  onBatch(loss: number): void;
  /** Hears of a step that counts, and disposes of what it watched. */
  onWatched?(watched: readonly tf.Tensor[]): Promise<void>;
  /** Steps between two reads; the first step is read at once. */
  readonly readEvery: number;
}

/**
 * Takes steps without making a GPU wait after each one, and leaves out those whose loss or gradient is not finite: when a read finds one, the steps since
 * the read before are taken again without it, so that neither values nor moments nor the number of steps know of it.
 */
export function createCountedSteps<Batch extends FromBatch>(start: OptimizerTensors, options: StepsOptions<Batch>) {
  const { take, onBatch, onWatched, readEvery } = options;
  const sums = new Map<number, { loss: number; weight: number }>();
  let [numTaken, numSkipped] = [0, 0];
  /** The state after all steps that are known to count. */
  let sure = start;
  let open: { readonly batch: Batch; readonly taken: TakenStep }[] = [];

  const latest = () => open.at(-1)?.taken.next ?? sure;

  function takeOpen(batch: Batch): void {
    const before = latest();
    const taken = take(before, batch, numTaken + open.length);
    if (before !== sure) before.planes.dispose();
    open.push({ batch, taken });
  }

  /** What is read of the open steps is disposed of. */
  async function settle(): Promise<void> {
    while (open.length > 0) {
      const read = open;
      const checked = await readSteps(
        read.map(({ taken }) => taken),
        readEvery,
      );
      const found = checked.findIndex((one) => !one.isFinite);
      const numGood = found < 0 ? read.length : found;
      for (const [i, { batch, taken }] of read.slice(0, numGood).entries()) {
        note(batch, checked[i].loss);
        if (taken.watched !== undefined) await onWatched?.(taken.watched);
      }
      for (const { taken } of read.slice(numGood)) tf.dispose([...(taken.watched ?? [])]);
      if (found < 0) {
        moveTo(latest(), read.length);
        open = [];
        return;
      }
      numSkipped += 1;
      onBatch(Number.NaN);
      latest().planes.dispose();
      open = [];
      retake(read.slice(0, found).map(({ batch }) => batch));
      for (const { batch } of read.slice(found + 1)) takeOpen(batch);
    }
  }

  /** Steps that have been found to count, from the same state: the same bits. */
  function retake(batches: readonly Batch[]): void {
    for (const batch of batches) takeOpen(batch);
    for (const { taken } of open) tf.dispose([taken.loss, taken.squares, ...(taken.watched ?? [])]);
    if (open.length > 0) moveTo(latest(), open.length);
    open = [];
  }

  function moveTo(state: OptimizerTensors, numMore: number): void {
    sure.planes.dispose();
    sure = state;
    numTaken += numMore;
  }

  function note({ epoch, weight }: Batch, loss: number): void {
    const sum = sums.get(epoch) ?? { loss: 0, weight: 0 };
    sums.set(epoch, { loss: sum.loss + loss * weight, weight: sum.weight + weight });
    onBatch(loss);
  }

  return {
    async add(batch: Batch): Promise<void> {
      takeOpen(batch);
      if (numTaken + numSkipped === 0 || open.length >= readEvery) await settle();
    },
    settle,
    /** After all that were added, once they are settled. */
    state: () => sure,
    counts: () => ({ numTaken, numSkipped }),
    /** Mean of each epoch that has a step, over its batches by their weights, in order. */
    epochLosses: () => [...sums].sort(([a], [b]) => a - b).map(([, { loss, weight }]) => loss / weight),
    dispose() {
      for (const { taken } of open) tf.dispose([taken.loss, taken.squares, ...(taken.watched ?? [])]);
      if (open.length > 0) latest().planes.dispose();
      open = [];
      sure.planes.dispose();
    },
  };
}

interface CheckedStep {
  readonly loss: number;
  readonly isFinite: boolean;
}

/** Reads the steps' scalars in one go and disposes of them: on WebGPU always as many, so that nothing is compiled after the first step. */
async function readSteps(steps: readonly TakenStep[], length: number): Promise<CheckedStep[]> {
  const losses = steps.map(({ loss }) => loss);
  const squares = steps.map((step) => step.squares);
  const filled = (scalars: readonly tf.Scalar[]) => [...scalars, ...new Array<tf.Scalar>(length - scalars.length).fill(scalars[0])];
  const together = tf.stack([...filled(losses), ...filled(squares)]);
  tf.dispose([...losses, ...squares]);
  const values = await together.data<"float32">().finally(() => together.dispose());
  return steps.map((_, i) => ({ loss: values[i], isFinite: Number.isFinite(values[i]) && Number.isFinite(values[length + i]) }));
}
