import type { RunConditions } from "./settings/runConditions.ts";
import type { StrategySettings } from "./strategies/table.ts";
import type { TuningSettings } from "./tunings/table.ts";

/** Everything that decides a run's numbers, with its seed; the schema with bounds is `runSettingsSchema` in the protocol package. */
export type RunSettings = RunConditions & {
  readonly tuning: TuningSettings;
  readonly strategy: StrategySettings;
};
