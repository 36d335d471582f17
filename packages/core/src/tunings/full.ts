import { deviations } from "../deviations.ts";
import { declareTuning } from "./declaration.ts";
import { type BackboneSizes, type TunedEntry, weightEntry } from "./entry.ts";

const own = [
  "Embeddings and the language-model head stay frozen; there is no dropout.",
  "The trained values are differences to the pretrained weights, so weight decay pulls towards those weights.",
];

/** Every weight of the layers and of the norm after them; embeddings and the language-model head stay frozen. */
export const full = declareTuning({
  method: "full",
  title: "Full fine-tuning",
  about: "Every weight of the layers and of the norm after them.",
  publication: {
    authors: "McMahan, Moore, Ramage, Hampson, Agüera y Arcas",
    title: "Communication-Efficient Learning of Deep Networks from Decentralized Data",
    venue: "AISTATS",
    year: 2017,
    link: "https://arxiv.org/abs/1602.05629",
  },
  deviations: own,
  settings: {},
  hasLayers: true,
  trainsBackbone: true,
  promptTokens: () => null,
  isRelativeToSeed: () => false,
  sourcePrompts: () => null,
  entries: differences,
  methods: {
    full: {
      deviations: [deviations.optimised, ...own],
      role: "other",
      trained: "every weight of the layers",
      travels: "all of them and the head",
      rates: [0.0001, 0.0003, 0.001],
    },
  },
});

/** Differences to the backbone's own values, so that they start at 0: the layers' weights, and the norm after the last one where there is one. */
function differences({ weights }: BackboneSizes): TunedEntry[] {
  if (weights === undefined) throw new Error("tuning.method full: the backbone's tensors are needed to know what is trained");
  return weights.flatMap(({ name, shape }) => {
    const layer = /^layers\.(\d+)\./.exec(name)?.[1];
    if (layer === undefined && !name.startsWith("norm.")) return [];
    return [weightEntry(`full/${name}`, shape, layer === undefined ? null : Number(layer))];
  });
}
