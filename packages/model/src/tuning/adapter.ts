import type { Transformer } from "../backbone/transformer.ts";
import { chain, type Part, residual } from "./differentiable.ts";
import { createLayerTuner, type Place } from "./differentiableLayer.ts";
import { activation, trainedLinear } from "./differentiableTrained.ts";
import type { Tuner } from "./tuner.ts";

/**
 * Adapters (Houlsby et al. 2019, https://arxiv.org/abs/1902.00751): x + up(gelu(down(x))) twice in every layer, behind the attention's output
 * product and behind the feed-forward branch, both before the residual sum (and an encoder's norm). `up` starts at zero, so the backbone
 * starts as it is. Unlike there, the norms stay frozen, `up` starts at zero instead of near it, and `down` starts at normal values that are
 * not truncated.
 */
export function createAdapterTuner(transformer: Transformer): Tuner {
  return createLayerTuner(transformer, {
    layer: (parts, index, place) => ({
      ...parts,
      attentionOutput: chain(parts.attentionOutput, adapter(`adapter/${index}/attention`, place)),
      feedForward: chain(parts.feedForward, adapter(`adapter/${index}/feedForward`, place)),
    }),
  });
}

/** H → bottleneck → H. */
function adapter(name: string, { slot, numRows, context }: Place): Part {
  const down = trainedLinear(slot(`${name}/down`), slot(`${name}/downBias`), numRows);
  const up = trainedLinear(slot(`${name}/up`), slot(`${name}/upBias`), numRows);
  return residual(chain(down, activation("gelu", context.hasGradient), up));
}
