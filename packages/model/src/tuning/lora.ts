import { keyValueWidth } from "../backbone/config.ts";
import type { LayerAddition } from "../backbone/layer.ts";
import type { Transformer } from "../backbone/transformer.ts";
import { type BlockPlan, blockGradient, roundedWidth } from "../kernels/blockMaps.ts";
import { linear, linearGradient } from "../kernels/linear.ts";
import { createAddingTuner, type Unit } from "./additions.ts";
import { tunedLayout } from "./layout.ts";
import type { Tuner } from "./tuner.ts";

/** Rank and alpha of a run. */
interface LoraSettings {
  readonly rank: number;
  readonly alpha: number;
}

/**
 * LoRA (Hu et al. 2021, https://arxiv.org/abs/2106.09685): W x + (alpha / rank) · B A x for the query and value matrices of every layer, A
 * (rank, H), B (out, rank). B starts at zero, so the backbone starts as it is. Unlike in their code, A starts at normal values instead of
 * uniform ones of that width, and nothing is dropped out.
 */
export function createLoraTuner(transformer: Transformer, settings: LoraSettings): Tuner {
  const layout = tunedLayout(transformer.config, { method: "lora", ...settings, head: "labelWords" }, 0);
  return createAddingTuner(transformer, { layout, plan: loraPlan(transformer, settings), addition: ([unit]) => lowRank(unit) });
}

/** Both A of a layer one above the other, each from a row on that every backend likes; then both B, at their queries' and values' rows. */
function loraPlan({ config }: Transformer, { rank, alpha }: LoraSettings): BlockPlan {
  const { hiddenSize: H, numHeads, headSize, numLayers } = config;
  const [queries, values] = [numHeads * headSize, keyValueWidth(config)];
  const width = roundedWidth(rank);
  const scale = alpha / rank;
  const a = { column: 0, numRows: rank, numColumns: H };
  const b = { numColumns: rank, factor: 1 };
  const starts = [0, rank * H, rank * (H + queries), rank * (2 * H + queries)];
  return {
    numUnits: numLayers,
    numValues: starts[3] + values * rank,
    maps: [
      {
        numIn: H,
        numOut: 2 * width,
        blocks: [
          { ...a, start: starts[0], row: 0, factor: scale / Math.sqrt(headSize) }, // the frozen queries are divided by √headSize too
          { ...a, start: starts[2], row: width, factor: scale },
        ],
        bias: null,
      },
      {
        numIn: 2 * width,
        numOut: queries + 2 * values,
        blocks: [
          { ...b, start: starts[1], row: 0, column: 0, numRows: queries },
          { ...b, start: starts[3], row: queries + values, column: width, numRows: values },
        ],
        bias: null,
      },
    ],
  };
}

/** B A x for queries and values, zero for keys. */
function lowRank({ plan, maps: [a, b], hasGradient: isTraining, receive }: Unit): LayerAddition {
  return {
    queryKeyValue(x) {
      const inner = linear(x, a, { isTraining });
      return {
        y: linear(inner, b, { isTraining }),
        backward(dy, residual, hasInputGradient) {
          const dInner = linearGradient(dy, b);
          const uses = [
            { x, dy: dInner },
            { x: inner, dy },
          ];
          receive(blockGradient(plan, uses, x.shape[0]));
          return hasInputGradient ? linearGradient(dInner, a, { residual }) : null;
        },
      };
    },
  };
}
