import {
  hasFactors,
  isResidualName,
  type LoraMatrix,
  loraMatrices,
  oneAboveOther,
  type Params,
  type RunSettings,
  residualPrefix,
  sideBySide,
  type Tensor,
  zeros,
} from "@tutti/core";
import type { TunedPrompts } from "./promptsFile.ts";

type LoraTuning = Extract<RunSettings["tuning"], { method: "lora" }>;

/**
 * A run's LoRA with its residual in it: the factors of both side by side, at a rank of each matrix that has room for them in every layer. The
 * prompts as they are where there is no residual. Throws a sentence where a residual is dense, which no adapter can hold.
 */
export function withResidualInside(prompts: TunedPrompts): TunedPrompts {
  const { settings, params } = prompts;
  const names = Object.keys(params).filter(isResidualName);
  if (names.length === 0) return prompts;
  const dense = names.find((name) => name.endsWith("/dense"));
  if (dense !== undefined) {
    throw new Error(
      `tensor ${dense}: the run's residual is a dense difference, which an adapter of low rank cannot hold; export the run with --merged FOLDER, or with --format safetensors`,
    );
  }
  if (!hasFactors(settings.tuning)) throw new Error(`tensor ${names[0]}: only LoRA has a residual`);
  const tuning: LoraTuning = settings.tuning;
  const matrices = loraMatrices(tuning).map((matrix) => ({ ...matrix, residualRank: highestRank(matrix, params, names) }));
  const trained = Object.fromEntries(Object.entries(params).filter(([name]) => !isResidualName(name)));
  const widened = Object.fromEntries(
    Object.entries(trained).map(([name, tensor]) => [name, widenedFactor(name, tensor, { params, matrices })]),
  );
  const { alphaOver: _, ...rest } = tuning;
  const ranks = Object.fromEntries(matrices.map(({ target, rank, residualRank }) => [target, rank + residualRank]));
  const alphas = Object.fromEntries(matrices.map(({ target, rank, residualRank, scale }) => [target, scale * (rank + residualRank)]));
  return { ...prompts, settings: { ...settings, tuning: { ...rest, ranks, alphas } }, params: widened };
}

interface Widened extends LoraMatrix {
  /** The highest rank of the matrix's residual among the layers. */
  readonly residualRank: number;
}

function highestRank({ name: matrix }: LoraMatrix, params: Params, names: readonly string[]): number {
  const ranks = names.filter((name) => name.endsWith(`/${matrix}/a`)).map((name) => params[name]?.shape[0] ?? 0);
  return Math.max(0, ...ranks);
}

/** A factor with its residual's behind it, and zeros up to the rank of all layers. */
function widenedFactor(
  name: string,
  tensor: Tensor,
  { params, matrices }: { readonly params: Params; readonly matrices: readonly Widened[] },
): Tensor {
  const [, layer, matrix, factor] = /^lora\/(\d+)\/(\w+)\/(a|b)$/.exec(name) ?? [];
  const found = matrices.find((one) => one.name === matrix);
  if (found === undefined || factor === undefined) return tensor;
  const own = params[`${residualPrefix}${layer}/${matrix}/${factor}`];
  const [rank, others] = factor === "a" ? [0, tensor.shape[1]] : [1, tensor.shape[0]];
  const missing = found.residualRank - (own?.shape[rank] ?? 0);
  const filling = missing === 0 ? [] : [zeros(factor === "a" ? [missing, others] : [others, missing])];
  const parts = [tensor, ...(own === undefined ? [] : [own]), ...filling];
  return factor === "a" ? oneAboveOther(parts) : sideBySide(parts);
}
