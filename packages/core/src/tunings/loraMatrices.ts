import type { BackboneSizes } from "./entry.ts";

/** The matrices of a layer that LoRA can be put beside, as settings name them, in the order of a run's parameters. */
export const loraTargets = ["q", "k", "v", "o", "up", "gate", "down"] as const;

/** A matrix of every layer, as settings name it. */
export type LoraTarget = (typeof loraTargets)[number];

/** The settings that decide what LoRA adds; the last four are left out where they have their defaults. */
export interface LoraOwn {
  readonly rank: number;
  readonly alpha: number;
  readonly targets?: readonly LoraTarget[];
  readonly ranks?: { readonly [Target in LoraTarget]?: number };
  readonly alphas?: { readonly [Target in LoraTarget]?: number };
  readonly alphaOver?: "rank" | "rootRank";
}

/** A matrix with a low-rank difference: `scale` · B A, A (rank, in), B (out, rank). */
export interface LoraMatrix {
  readonly target: LoraTarget;
  /** In parameter names: `lora/3/query/a`. */
  readonly name: string;
  /** In the backbone: `layers.3.attention.query.weight`. */
  readonly tensor: string;
  readonly rank: number;
  readonly alpha: number;
  /** alpha / rank, or alpha / √rank (rsLoRA, https://arxiv.org/abs/2312.03732). */
  readonly scale: number;
}

const places: Readonly<Record<LoraTarget, Pick<LoraMatrix, "name" | "tensor">>> = {
  q: { name: "query", tensor: "attention.query" },
  k: { name: "key", tensor: "attention.key" },
  v: { name: "value", tensor: "attention.value" },
  o: { name: "output", tensor: "attention.output" },
  up: { name: "up", tensor: "feedForward.up" },
  gate: { name: "gate", tensor: "feedForward.gate" },
  down: { name: "down", tensor: "feedForward.down" },
};

/** What the settings mean that a run leaves out. */
export const loraLeftOut = { targets: ["q", "v"], ranks: {}, alphas: {}, dropout: 0, alphaOver: "rank" } as const;

/** The matrices that these settings name, in the order of a run's parameters, whatever order they are named in. */
export function loraMatrices({ rank, alpha, targets, ranks, alphas, alphaOver }: LoraOwn): LoraMatrix[] {
  const named: readonly LoraTarget[] = targets ?? loraLeftOut.targets;
  return loraTargets
    .filter((target) => named.includes(target))
    .map((target) => {
      const own = { rank: ranks?.[target] ?? rank, alpha: alphas?.[target] ?? alpha };
      const scale = own.alpha / (alphaOver === "rootRank" ? Math.sqrt(own.rank) : own.rank);
      return { target, ...places[target], ...own, scale };
    });
}

/** (out, in) of a matrix in every layer; null where the backbone has none. */
export function loraShape({ target, tensor }: Pick<LoraMatrix, "target" | "tensor">, sizes: BackboneSizes): [number, number] | null {
  const { hiddenSize, keyValueWidth, queryWidth = hiddenSize, weights } = sizes;
  if (target === "q") return [queryWidth, hiddenSize];
  if (target === "k" || target === "v") return [keyValueWidth, hiddenSize];
  if (target === "o") return [hiddenSize, queryWidth];
  if (weights === undefined) throw new Error(`LoRA on ${target}: the backbone's tensors are needed`);
  const found = weights.find(({ name }) => name === `layers.0.${tensor}.weight`);
  return found === undefined ? null : [found.shape[0] ?? 0, found.shape[1] ?? 0];
}
