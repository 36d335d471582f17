import { deviations } from "../../deviations.ts";
import { declareStrategy } from "../declaration.ts";
import { needsLora } from "../loraRule.ts";
import { decisions } from "./decisions.ts";
import { fedAdapterSettings, trialsHaveTwoEpochs } from "./settings.ts";

const own = [
  "What grows are LoRA's low-rank differences, by layers and components, where the publication has bottleneck networks, by layers and width.",
  "Trials take as many rounds for each size, and the drop of the training loss that devices report counts for each second that the round would take; the publication trains each for as long and compares accuracy on the server.",
  "Devices are dealt to the sizes of a trial by turns. A run with few devices may train together between trials.",
  "Outputs of the frozen layers are not kept between rounds.",
] as const;

/**
 * FedAdapter (Cai et al., 2023, https://arxiv.org/abs/2205.10162): begins with few components in the top layer; groups of devices try more layers
 * and more components, and the best size's model is everybody's from then on.
 */
export const fedAdapter = declareStrategy({
  name: "fedAdapter",
  title: "FedAdapter",
  about:
    "Training begins with few components in the top layer; groups of devices try more of both, and the best size is everybody's from then on.",
  publication: {
    authors: "Cai, Wu, Wang, Lin, Xu",
    title: "FedAdapter: Efficient Federated Learning for Modern NLP",
    venue: "MobiCom",
    year: 2023,
    link: "https://arxiv.org/abs/2205.10162",
  },
  deviations: own,
  settings: fedAdapterSettings,
  rules: [needsLora("fedAdapter"), trialsHaveTwoEpochs],
  takesRules: () => "clipping",
  needsSingleContributions: () => true,
  decisions,
  methods: {
    fedAdapter: {
      deviations: [deviations.optimised, ...own],
      tunes: "lora",
      role: "other",
      trained: "low-rank differences of the query and value weights, of more layers and of higher rank as the run goes on",
      travels: "both factors of what is trained at a device's size and the head",
      rates: [0.001, 0.003, 0.01],
    },
  },
});
