import type { RunSettings } from "../run.ts";
import { fedAvg } from "./fedAvg.ts";
import { fedOpt } from "./fedOpt.ts";
import { fedPepTao } from "./fedPepTao/index.ts";
import { local } from "./local.ts";
import { scaffold } from "./scaffold.ts";
import type { Strategy } from "./strategy.ts";

/** The strategy that the run names; its options are read from the same settings by `init`. */
export function createStrategy(run: RunSettings): Strategy {
  switch (run.strategy.name) {
    case "fedAvg":
      return fedAvg;
    case "fedPepTao":
      return fedPepTao;
    case "fedOpt":
      return fedOpt;
    case "scaffold":
      return scaffold;
    case "local":
      return local;
  }
}
