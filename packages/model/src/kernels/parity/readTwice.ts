import * as tf from "@tensorflow/tfjs";

/** The numbers of the tensor that `run` makes, which it is asked for twice: the bits have to be the same. Releases all tensors. */
export async function readTwice(run: () => tf.Tensor): Promise<Float32Array> {
  const [first, second] = [tf.tidy(run), tf.tidy(run)];
  try {
    const [numbers, again] = [await first.data<"float32">(), await second.data<"float32">()];
    const bits = new Uint32Array(again.buffer, again.byteOffset, again.length);
    const differs = new Uint32Array(numbers.buffer, numbers.byteOffset, numbers.length).findIndex((value, i) => value !== bits[i]);
    if (differs >= 0) throw new Error(`value ${differs} was ${numbers[differs]}, then ${again[differs]}: the same bits were expected`);
    return numbers;
  } finally {
    tf.dispose([first, second]);
  }
}
