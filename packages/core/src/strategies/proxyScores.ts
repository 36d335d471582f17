import { z } from "zod";

/** What the tuned small model is compared with: itself as it was pretrained, or as the round began with it. */
export const proxyReferenceSchema = z.enum(["pretrained", "roundStart"]);

/** What the tuned small model is compared with. */
export type ProxyReference = z.infer<typeof proxyReferenceSchema>;

/** Scores of one position over the vocabulary, of the three models of proxy-tuning. */
export interface ThreeScores {
  readonly large: ArrayLike<number>;
  readonly tuned: ArrayLike<number>;
  readonly untuned: ArrayLike<number>;
}

/** s_large + a (s_tuned − s_untuned) (Liu et al., 2024, https://arxiv.org/abs/2401.08565; FedPT, https://arxiv.org/abs/2410.00362). */
export function proxyScores({ large, tuned, untuned }: ThreeScores, a: number): Float32Array {
  const size = large.length;
  if (tuned.length !== size || untuned.length !== size) {
    throw new Error(
      `proxy-tuned scores: the large model scores ${size} tokens, the tuned small one ${tuned.length} and the untuned one ${untuned.length}; they need one vocabulary`,
    );
  }
  return Float32Array.from({ length: size }, (_, token) => large[token] + a * (tuned[token] - untuned[token]));
}
