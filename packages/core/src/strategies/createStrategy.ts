import type { StrategySettings } from "../run.ts";
import { fedAvg } from "./fedAvg.ts";
import { fedPepTao } from "./fedPepTao.ts";
import type { Strategy } from "./strategy.ts";

/** The strategy that these settings name; its options are read from the run's settings by `init`. */
export function createStrategy(settings: StrategySettings): Strategy {
  switch (settings.name) {
    case "fedAvg":
      return fedAvg;
    case "fedPepTao":
      return fedPepTao;
  }
}
