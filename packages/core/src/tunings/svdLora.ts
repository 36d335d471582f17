import { z } from "zod";
import { integer, number } from "../settings/fields.ts";
import { settingLimits } from "../settings/limits.ts";
import { declareTuning } from "./declaration.ts";
import { perLayer, small, weightEntry } from "./entry.ts";
import { loraFaults, loraMisfits } from "./lora.ts";
import { loraMatrices, loraShape, loraTargets } from "./loraMatrices.ts";
import { tripletOf } from "./svdTriplets.ts";

/** Differences P diag(e) Q of a layer's matrices, times alpha / rank: a sum of components, each of which can be left out (Zhang et al., https://arxiv.org/abs/2303.10512). */
export const svdLora = declareTuning({
  method: "svdLora",
  title: "SVD-form LoRA",
  about: "Differences P diag(e) Q of the matrices that `targets` names, times alpha / rank, so that single components can be left out.",
  publication: {
    authors: "Zhang, Chen, Bukharin, Karampatziakis, He, Cheng, Chen, Zhao",
    title: "AdaLoRA: Adaptive Budget Allocation for Parameter-Efficient Fine-Tuning",
    venue: "ICLR",
    year: 2023,
    link: "https://arxiv.org/abs/2303.10512",
  },
  deviations: [
    "The scale is the run's alpha over the run's rank, however many components are left, as in peft, which adds 1e-5 to the rank.",
    "No penalty draws P and Q to orthogonality; peft adds one, with a weight of 0.5.",
  ],
  settings: {
    rank: integer(1, settingLimits.maxWidth).default(8),
    alpha: number(1e-3, 1e4).default(16),
    /** The matrices that get a difference. */
    targets: z.array(z.enum(loraTargets)).min(1).max(loraTargets.length).readonly().default(["q", "k", "v", "o"]),
  },
  hasLayers: true,
  trainsBackbone: false,
  promptTokens: () => null,
  componentRank: ({ rank }) => rank,
  isRelativeToSeed: () => false,
  sourcePrompts: () => null,
  faults: loraFaults,
  misfits: loraMisfits,
  meaning: (own) => ({ targets: loraMatrices(own).map(({ target }) => target) }),
  entries: (sizes, own) => {
    const matrices = loraMatrices(own).flatMap((matrix) => {
      const shape = loraShape(matrix, sizes);
      return shape === null ? [] : [{ matrix, shape }];
    });
    return perLayer(sizes, (layer) =>
      matrices.flatMap(({ matrix: { name, rank }, shape: [outputs, inputs] }) => {
        const { p, e, q } = tripletOf(`svdLora/${layer}/${name}`);
        return [weightEntry(q, [rank, inputs], layer, small), weightEntry(e, [rank], layer), weightEntry(p, [outputs, rank], layer, small)];
      }),
    );
  },
  methods: {},
});
