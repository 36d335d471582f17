import * as tf from "@tensorflow/tfjs-core";

/** Rows and columns of both factors. */
const size = 192;
/** Timed for so long at least, after one product that warms up; in all it stays under a second on a slow machine. */
const timedMs = 60;
const mostProducts = 200;

/** Operations per second of a matrix product on the current backend: the best of its products, so that a moment of other work counts less. */
export async function measureRate(now: () => number = () => performance.now()): Promise<number> {
  const [x, y] = [0, 1].map((seed) => tf.randomUniform<tf.Rank.R2>([size, size], -1, 1, "float32", seed));
  const once = async () => {
    const startedAt = now();
    const product = tf.matMul(x, y);
    await product.data();
    product.dispose();
    return now() - startedAt;
  };
  try {
    await once();
    let [least, total] = [Number.POSITIVE_INFINITY, 0];
    for (let i = 0; i < mostProducts && total < timedMs; i++) {
      const took = await once();
      total += took;
      if (took > 0) least = Math.min(least, took);
    }
    const ms = Number.isFinite(least) ? least : 0.01; // a clock that does not move says little: browsers round to 0.1 ms at most
    return (2 * size ** 3) / (ms / 1000);
  } finally {
    tf.dispose([x, y]);
  }
}
