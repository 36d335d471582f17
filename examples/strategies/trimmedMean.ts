import {
  add,
  contributionsOf,
  declareStrategy,
  globalModel,
  mapParams,
  number,
  type StrategySettingsOf,
  sentForm,
  sentParams,
  withPrefix,
} from "@tutti/core";
import { trimmedMean } from "./mean.ts";

const settings = {
  /** Share of the devices that is left out at either end. */
  trim: number(0, 0.49).default(0.2),
};

/**
 * Federated averaging whose server leaves out the largest and the smallest changes of each value (Yin et al., 2018, Algorithm 1, with local epochs in
 * place of one gradient). Devices count alike, whatever they say about their number of examples.
 */
export const trimmed = declareStrategy({
  name: "trimmedMean",
  title: "Trimmed mean",
  about: "The server averages what is left of the devices' changes without the largest and the smallest.",
  publication: {
    authors: "Yin, Chen, Kannan, Bartlett",
    title: "Byzantine-Robust Distributed Learning: Towards Optimal Statistical Rates",
    venue: "ICML",
    year: 2018,
    link: "https://arxiv.org/abs/1803.01498",
  },
  deviations: ["Devices send the change of their local epochs, not one gradient."],
  settings,
  rules: [],
  needsSingleContributions: () => true,
  methods: {},
  decisions: globalModel<StrategySettingsOf<"trimmedMean", typeof settings>>({
    step({ values: { run } }, plan, contributions) {
      const deltas = contributionsOf(contributions, "train").map(({ body }) => body.delta);
      const sent = sentParams(plan);
      const change = mapParams(sent, ({ shape, data }, name) => ({
        shape,
        data: data.map((_, at) =>
          trimmedMean(
            deltas.map((delta) => delta[name]?.data[at] ?? 0),
            run.strategy.trim,
          ),
        ),
      }));
      return withPrefix("W/", sentForm(add(sent, change), run.paramsEncoding));
    },
  }),
});
