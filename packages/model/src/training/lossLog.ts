import * as tf from "@tensorflow/tfjs-core";

/** Collects the losses of steps without making a GPU wait after each one. */
interface LossLog {
  /** Takes the scalar over. */
  add(loss: tf.Scalar, from: { epoch: number; weight: number }): Promise<void>;
  /** Reads what is pending; throws when a loss is not finite. */
  flush(): Promise<void>;
  /** Mean over an epoch's batches by their weights: their examples, or the tokens of their answers. */
  meanOf(epoch: number): number;
  dispose(): void;
}

/** Steps between two reads on WebGPU, where reading waits for the queue; elsewhere every step is read. The first step is read at once. */
const stepsPerRead = 8;

/** Reports each step's loss to `onStep`, in order. */
export function createLossLog(numSteps: number, onStep?: (progress: { step: number; numSteps: number; loss: number }) => void): LossLog {
  const sums = new Map<number, { loss: number; weight: number }>();
  const pending: { loss: tf.Scalar; epoch: number; weight: number }[] = [];
  const readEvery = tf.getBackend() === "webgpu" ? stepsPerRead : 1;
  let step = 0;

  async function flush(): Promise<void> {
    const read = pending.splice(0);
    if (read.length === 0) return;
    const values = await readAll(
      read.map(({ loss }) => loss),
      readEvery,
    );
    read.forEach(({ epoch, weight }, i) => {
      step += 1;
      if (!Number.isFinite(values[i]))
        throw new Error(`local training: the loss of step ${step} is ${values[i]}; the learning rate may be too high`);
      const sum = sums.get(epoch) ?? { loss: 0, weight: 0 };
      sums.set(epoch, { loss: sum.loss + values[i] * weight, weight: sum.weight + weight });
      onStep?.({ step, numSteps, loss: values[i] });
    });
  }

  return {
    async add(loss, from) {
      pending.push({ loss, ...from });
      if (step === 0 || pending.length >= readEvery) await flush();
    },
    flush,
    meanOf(epoch) {
      const sum = sums.get(epoch);
      return sum === undefined ? Number.NaN : sum.loss / sum.weight;
    },
    dispose() {
      tf.dispose(pending.map(({ loss }) => loss));
      pending.length = 0;
    },
  };
}

/** Reads the losses in one go and disposes of them: on WebGPU always as many, so that nothing is compiled after the first step. */
async function readAll(losses: readonly tf.Scalar[], length: number): Promise<ArrayLike<number>> {
  const filling = new Array<tf.Scalar>(length - losses.length).fill(losses[0]);
  const together = length === 1 ? losses[0] : tf.stack([...losses, ...filling]);
  if (length > 1) tf.dispose([...losses]);
  return await together.data<"float32">().finally(() => together.dispose());
}
