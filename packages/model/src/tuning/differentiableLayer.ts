import type * as tf from "@tensorflow/tfjs-core";
import type { PassContext } from "../backbone/layer.ts";
import type { Transformer } from "../backbone/transformer.ts";
import type { LayerWeights } from "../backbone/weights.ts";
import { attend, attendGradient } from "../kernels/attention.ts";
import { contractGradient, expand } from "../kernels/feedForward.ts";
import { type Linear, linear, linearGradient } from "../kernels/linear.ts";
import { type Norm, normalize, normalizeGradient } from "../kernels/norm.ts";
import { rotate, rotateGradient } from "../kernels/rotary.ts";
import { chain, frozen, type Part, residual, type Traced } from "./differentiable.ts";
import type { Slot } from "./differentiableTrained.ts";
import { tokenRows } from "./prefix.ts";
import type { TunedPass, TunedValues, Tuner } from "./tuner.ts";

/** The places of a layer that a method may change. */
export interface LayerParts {
  readonly attentionNorm: Part;
  /** (rows, H) → (rows, H + 2W): queries, divided by √headSize, then keys, then values. */
  readonly queryKeyValue: Part;
  /** What attention mixed → its output product, before the residual sum. */
  readonly attentionOutput: Part;
  readonly feedForwardNorm: Part;
  /** Both products of the feed-forward branch, before the residual sum. */
  readonly feedForward: Part;
}

/** Where a method puts what it trains. */
export interface Place {
  readonly transformer: Transformer;
  readonly context: PassContext;
  /** Of the batch. */
  readonly numRows: number;
  isTrained(name: string): boolean;
  /** The trained tensor of this name. */
  slot<T extends tf.Tensor>(name: string): Slot<T>;
}

/** What a method makes of the frozen parts. */
export interface Changes {
  layer(parts: LayerParts, index: number, place: Place): LayerParts;
  readonly finalNorm?: ((place: Place) => Part) | undefined;
}

/** A tuner for what is trained within the layers. The text's positions start at 0. */
export function createLayerTuner(transformer: Transformer, changes: Changes): Tuner {
  return {
    forward(values, batch, { hasGradient }): TunedPass {
      const { x, context } = transformer.start(batch, { prefixes: null, firstPosition: 0, hasGradient });
      const gradients: Record<string, tf.Tensor> = {};
      const place: Place = {
        transformer,
        context,
        numRows: batch.numRows,
        isTrained: (name) => Object.hasOwn(values, name),
        slot: (name) => slotOf(values, gradients, name),
      };
      const steps: Traced[] = [];
      const states = [x];
      for (let index = 0; index < transformer.config.numLayers; index++) {
        const parts = frozenParts(transformer.layer(index), place);
        steps.push(composed(changes.layer(parts, index, place), context).trace(states[index]));
        states.push(steps[index].y);
      }
      const finalNorm = changes.finalNorm?.(place) ?? (transformer.finalNorm === null ? null : frozenNorm(transformer.finalNorm));
      if (finalNorm !== null) steps.push(finalNorm.trace(states[states.length - 1]));
      return {
        ...tokenRows(batch, states),
        last: steps[steps.length - 1].y,
        states,
        backward(dLast) {
          let d: tf.Tensor2D | null = dLast;
          for (let i = steps.length - 1; i >= 0 && d !== null; i--) d = steps[i].backward(d, i > 0);
          return gradients;
        },
      };
    },
  };
}

function slotOf<T extends tf.Tensor>(values: TunedValues, gradients: Record<string, tf.Tensor>, name: string): Slot<T> {
  const value = values[name];
  if (value === undefined) throw new Error(`trained parameter ${name}: missing; received ${Object.keys(values).join(", ")}`);
  return {
    value: value as T,
    receive: (gradient) => {
      gradients[name] = gradient;
    },
  };
}

/** Encoders normalise after each residual sum, decoders before each branch. */
function composed(parts: LayerParts, context: PassContext): Part {
  const { attentionNorm, feedForwardNorm, feedForward } = parts;
  const attention = chain(parts.queryKeyValue, attentionOf(context), parts.attentionOutput);
  return context.config.isCausal
    ? chain(residual(chain(attentionNorm, attention)), residual(chain(feedForwardNorm, feedForward)))
    : chain(residual(attention), attentionNorm, residual(feedForward), feedForwardNorm);
}

function frozenParts(weights: LayerWeights, { context, numRows }: Place): LayerParts {
  const { activation } = context.config;
  return {
    attentionNorm: frozenNorm(weights.attentionNorm),
    queryKeyValue: frozenLinear(weights.qkv, numRows),
    attentionOutput: frozenLinear(weights.output, numRows),
    feedForwardNorm: frozenNorm(weights.feedForwardNorm),
    feedForward: frozen(
      (x) => {
        const hidden = expand(x, weights.expansion, { activation, numRows, hasGradient: context.hasGradient });
        return { y: linear(hidden.y, weights.down, { numRows }), kept: hidden };
      },
      (dy, hidden) => contractGradient(dy, hidden, weights),
    ),
  };
}

function frozenLinear(map: Linear, numRows: number): Part {
  return frozen(
    (x) => ({ y: linear(x, map, { numRows }), kept: null }),
    (dy) => linearGradient(dy, map),
  );
}

function frozenNorm(norm: Norm): Part {
  return frozen(
    (x) => {
      const normed = normalize(x, norm);
      return { y: normed.y, kept: normed };
    },
    (dy, normed) => normalizeGradient(dy, normed, norm),
  );
}

/** Rotation, where the family has one, and attention. Its result may be followed by rows that only its gradient reads. */
function attentionOf({ rotation, shape, seen, hasGradient }: PassContext): Part {
  return frozen(
    (x) => {
      const attended = attend(rotation === null ? x : rotate(x, rotation, shape), null, seen, { shape, hasGradient });
      return { y: attended.y, kept: attended };
    },
    (dy, attended) => {
      const { dQkv } = attendGradient(dy, attended, seen, { shape, hasInputGradient: true });
      if (dQkv === null) throw new Error("attention gave no gradient of its input");
      return rotation === null ? dQkv : rotateGradient(dQkv, rotation, shape);
    },
  );
}
