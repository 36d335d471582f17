import { fractionSchema, integer } from "../../settings/fields.ts";
import { settingLimits } from "../../settings/limits.ts";
import { declareServerRate } from "./declaration.ts";

/** A rate that is multiplied by a factor every few rounds. */
export const stepwise = declareServerRate({
  name: "stepwise",
  title: "Stepwise decay",
  publication: null,
  about: "It is multiplied by a factor every few rounds.",
  settings: {
    /** Rounds between two falls. */
    every: integer(1, settingLimits.maxRounds).default(10),
    /** What a fall leaves of the rate. */
    decay: fractionSchema.default(0.5),
  },
  factor({ every, decay }, { round }) {
    const numFalls = Math.floor((round - 1) / every);
    let factor = 1;
    for (let fall = 0; fall < numFalls; fall++) factor *= decay;
    return factor;
  },
  methods: {},
});
