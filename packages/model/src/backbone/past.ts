import * as tf from "@tensorflow/tfjs-core";
import { attend, visibility } from "../kernels/attention.ts";
import type { Attended, AttentionShape } from "../kernels/attentionShape.ts";

/** One text that is read piece by piece: the keys and values of all before, which no later piece computes again. Owns its tensors. */
export interface Past {
  /** Position of the next token. */
  readonly position: number;
  /** Whether a piece was read: a prompt in front of the text is then among the keys and values. */
  readonly hasRead: boolean;
  /** The next layer's attention over all before, its prefix and the text's rows of `qkv`. Layers come in their order, each once a piece. */
  attend(qkv: tf.Tensor2D, prefix: tf.Tensor3D | null, shape: AttentionShape): Attended;
  /** Ends a piece of this many tokens; the next piece sees it. */
  endPiece(numTokens: number): void;
  dispose(): void;
}

/** A text whose first token is at this position. */
export function createPast(firstPosition: number): Past {
  let position = firstPosition;
  let before: tf.Tensor3D[] = [];
  let now: tf.Tensor3D[] = [];
  return {
    get position() {
      return position;
    },
    get hasRead() {
      return before.length > 0;
    },
    attend(qkv, prefix, shape) {
      const front = before[now.length] ?? prefix;
      const own = keysAndValues(qkv, shape);
      now.push(tf.keep(front === null ? own : tf.concat3d([front, own], 1)));
      // layers may have different numbers of rows in front
      return attend(qkv, front, visibility(shape, front?.shape[1] ?? 0), { shape, hasGradient: false });
    },
    endPiece(numTokens) {
      tf.dispose(before);
      [before, now] = [now, []];
      position += numTokens;
    },
    dispose() {
      tf.dispose([...before, ...now]);
      [before, now] = [[], []];
    },
  };
}

/** Keys, turned by their positions already, and values of the first text's rows: (2, T, W). */
function keysAndValues(qkv: tf.Tensor2D, { lengths, numHeads, numKeyValueHeads, headSize }: AttentionShape): tf.Tensor3D {
  const [numRows, width] = [lengths[0], numKeyValueHeads * headSize];
  const part = tf.slice2d(qkv, [0, numHeads * headSize], [numRows, 2 * width]);
  return tf.transpose(tf.reshape(part, [numRows, 2, width]), [1, 0, 2]);
}
