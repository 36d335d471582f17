import { keyValueWidth } from "../backbone/config.ts";
import type { Transformer } from "../backbone/transformer.ts";
import { chain, scaled, sideBySide, sum } from "./differentiable.ts";
import { createLayerTuner } from "./differentiableLayer.ts";
import { trainedLinear } from "./differentiableTrained.ts";
import type { Tuner } from "./tuner.ts";

/**
 * LoRA (Hu et al. 2021, https://arxiv.org/abs/2106.09685): W x + (alpha / rank) · B A x for the query and value matrices of every layer, A
 * (rank, H), B (out, rank). B starts at zero, so the backbone starts as it is. Unlike in their code, A starts at normal values instead of
 * uniform ones of that width, and nothing is dropped out.
 */
export function createLoraTuner(transformer: Transformer, { rank, alpha }: { readonly rank: number; readonly alpha: number }): Tuner {
  const { config } = transformer;
  return createLayerTuner(transformer, {
    layer(parts, index, { slot, numRows }) {
      const lowRank = (matrix: "query" | "value", factor: number) => {
        const name = `lora/${index}/${matrix}`;
        return chain(trainedLinear(slot(`${name}/a`), null, numRows), scaled(factor), trainedLinear(slot(`${name}/b`), null, numRows));
      };
      const query = lowRank("query", alpha / rank / Math.sqrt(config.headSize)); // the frozen queries are divided by √headSize too
      return {
        ...parts,
        queryKeyValue: sum(parts.queryKeyValue, sideBySide(query, keyValueWidth(config), lowRank("value", alpha / rank))),
      };
    },
  });
}
