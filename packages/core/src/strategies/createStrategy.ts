import type { RunSettings } from "../run.ts";
import { fedAvg } from "./fedAvg.ts";
import { fedPepTao } from "./fedPepTao.ts";
import type { Strategy } from "./strategy.ts";

/** The strategy that the run names; its options are read from the same settings by `init`. */
export function createStrategy(run: RunSettings): Strategy {
  switch (run.strategy.name) {
    case "fedAvg":
      return fedAvg;
    case "fedPepTao":
      return fedPepTao;
    case "fedOpt":
    case "scaffold":
    case "local":
      throw new Error(`strategy ${run.strategy.name}: cannot be run yet`);
  }
}
