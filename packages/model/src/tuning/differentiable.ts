import * as tf from "@tensorflow/tfjs-core";

/** A step of the backbone that knows its way back: functions of one tensor (rows, width) that chain, add up and stand side by side. */
export interface Part {
  /** Whether something trained lies within. */
  readonly isTrained: boolean;
  trace(x: tf.Tensor2D): Traced;
}

/** The result of a part, and the way back from it. */
export interface Traced {
  readonly y: tf.Tensor2D;
  /**
   * dY → dX, and the gradients of what is trained within go to their slots. Null is zero, and what comes back when `hasInputGradient` says
   * that nobody needs dX.
   */
  backward(dy: tf.Tensor2D, hasInputGradient: boolean): tf.Tensor2D | null;
}

/** A part without anything trained, from its two directions. */
export function frozen<K>(
  forward: (x: tf.Tensor2D) => { y: tf.Tensor2D; kept: K },
  backward: (dy: tf.Tensor2D, kept: K) => tf.Tensor2D,
): Part {
  return {
    isTrained: false,
    trace(x) {
      const { y, kept } = forward(x);
      return { y, backward: (dy, hasInputGradient) => (hasInputGradient ? backward(dy, kept) : null) };
    },
  };
}

/** The parts one after the other. On the way back it stops at the lowest trained one, unless dX is needed. */
export function chain(...parts: readonly Part[]): Part {
  const lowest = parts.findIndex(({ isTrained }) => isTrained);
  return {
    isTrained: lowest >= 0,
    trace(x) {
      const steps: Traced[] = [];
      for (const part of parts) steps.push(part.trace(steps.at(-1)?.y ?? x));
      return {
        y: steps.at(-1)?.y ?? x,
        backward(dy, hasInputGradient) {
          const end = hasInputGradient ? 0 : lowest;
          if (end < 0) return null;
          let d: tf.Tensor2D | null = dy;
          for (let i = steps.length - 1; i >= end && d !== null; i--) d = steps[i].backward(d, hasInputGradient || i > end);
          return d;
        },
      };
    },
  };
}

/** f(x) + g(x) + … */
export function sum(...parts: readonly Part[]): Part {
  return {
    isTrained: parts.some(({ isTrained }) => isTrained),
    trace(x) {
      const steps = parts.map((part) => part.trace(x));
      return {
        y: steps.map(({ y }) => y).reduce((total, y) => tf.add(total, y)),
        backward: (dy, hasInputGradient) => total(steps.map((step) => step.backward(dy, hasInputGradient))),
      };
    },
  };
}

/** f(x) ⊙ g(x). */
export function product(f: Part, g: Part): Part {
  return {
    isTrained: f.isTrained || g.isTrained,
    trace(x) {
      const [a, b] = [f.trace(x), g.trace(x)];
      return {
        y: tf.mul(a.y, b.y),
        backward: (dy, hasInputGradient) =>
          total([a.backward(tf.mul(dy, b.y), hasInputGradient), b.backward(tf.mul(dy, a.y), hasInputGradient)]),
      };
    },
  };
}

/** The columns of f(x), then those of g(x), …; a number means that number of columns of zeros. */
export function sideBySide(...columns: readonly (Part | number)[]): Part {
  const isPart = (column: Part | number) => typeof column !== "number";
  return {
    isTrained: columns.filter(isPart).some(({ isTrained }) => isTrained),
    trace(x) {
      const steps = columns.map((column) =>
        isPart(column) ? column.trace(x) : { y: tf.zeros<tf.Rank.R2>([x.shape[0], column]), backward: () => null },
      );
      const widths = steps.map(({ y }) => y.shape[1]);
      const starts = widths.map((_, i) => widths.slice(0, i).reduce((a, b) => a + b, 0));
      return {
        y: tf.concat2d(
          steps.map(({ y }) => y),
          1,
        ),
        backward(dy, hasInputGradient) {
          const rows = dy.shape[0];
          return total(
            steps.map((step, i) =>
              isPart(columns[i]) ? step.backward(tf.slice2d(dy, [0, starts[i]], [rows, widths[i]]), hasInputGradient) : null,
            ),
          );
        },
      };
    },
  };
}

/** x + f(x). */
export function residual(part: Part): Part {
  return sum(identity, part);
}

const identity: Part = frozen(
  (x) => ({ y: x, kept: null }),
  (dy) => dy,
);

/** factor · x. */
export function scaled(factor: number): Part {
  return frozen(
    (x) => ({ y: tf.mul<tf.Tensor2D>(x, factor), kept: null }),
    (dy) => tf.mul(dy, factor),
  );
}

function total(gradients: readonly (tf.Tensor2D | null)[]): tf.Tensor2D | null {
  return gradients.reduce((a, b) => (a === null || b === null ? (a ?? b) : tf.add(a, b)), null);
}
