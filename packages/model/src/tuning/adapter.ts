import * as tf from "@tensorflow/tfjs-core";
import type { AddedSum } from "../backbone/layer.ts";
import type { Transformer } from "../backbone/transformer.ts";
import { type BlockPlan, blockGradient, roundedWidth } from "../kernels/blockMaps.ts";
import { activatedLinear, productGradient } from "../kernels/feedForward.ts";
import { linear, linearGradient } from "../kernels/linear.ts";
import { createAddingTuner, type Unit } from "./additions.ts";
import { tunedLayout } from "./layout.ts";
import type { Tuner } from "./tuner.ts";

/** Width of a run's adapters. */
interface AdapterSettings {
  readonly bottleneck: number;
}

/**
 * Adapters (Houlsby et al. 2019, https://arxiv.org/abs/1902.00751): x + up(gelu(down(x))) twice in every layer, behind the attention's output
 * product and behind the feed-forward branch, both before the residual sum (and an encoder's norm). `up` starts at zero, so the backbone
 * starts as it is. Unlike there, the norms stay frozen, `up` starts at zero instead of near it, and `down` starts at normal values that are
 * not truncated.
 */
export function createAdapterTuner(transformer: Transformer, settings: AdapterSettings): Tuner {
  const layout = tunedLayout(transformer.config, { method: "adapter", ...settings, head: "labelWords" }, 0);
  return createAddingTuner(transformer, {
    layout,
    plans: [adapterPlan(transformer, settings)],
    addition: ([attention, feedForward]) => ({
      attentionOutput: (output, residual) => adapt(output, residual, attention),
      feedForward: (output, residual) => adapt(output, residual, feedForward),
    }),
  });
}

/** A unit is one adapter: down (H → bottleneck, rounded up with zeros) with its bias, then up. */
function adapterPlan({ config }: Transformer, { bottleneck }: AdapterSettings): BlockPlan {
  const { hiddenSize: H, numLayers } = config;
  const width = roundedWidth(bottleneck);
  const block = { row: 0, column: 0, factor: 1 };
  const up = bottleneck * (H + 1);
  const numValues = up + H * (bottleneck + 1);
  return {
    numUnits: 2 * numLayers,
    numValues,
    maps: [
      {
        numIn: H,
        numOut: width,
        blocks: [{ ...block, start: 0, numRows: bottleneck, numColumns: H }],
        bias: { start: bottleneck * H, size: bottleneck },
      },
      {
        numIn: width,
        numOut: H,
        blocks: [{ ...block, start: up, numRows: H, numColumns: bottleneck }],
        bias: { start: numValues - H, size: H },
      },
    ],
  };
}

/** residual + output + up(gelu(down(output))). */
function adapt(output: tf.Tensor2D, residual: tf.Tensor2D, { plan, maps: [down, up], hasGradient, receive }: Unit): AddedSum {
  const numRows = output.shape[0];
  const hidden = activatedLinear(output, down, { activation: "gelu", numRows, hasGradient });
  return {
    sum: tf.add(residual, linear(hidden.y, up, { numRows, residual: output, isTraining: hasGradient })),
    backward(dSum) {
      const dHidden = productGradient(dSum, hidden, up);
      const uses = [
        { x: output, dy: dHidden },
        { x: hidden.y, dy: dSum },
      ];
      receive(blockGradient(plan, uses, numRows));
      return linearGradient(dHidden, down, { residual: dSum });
    },
  };
}
