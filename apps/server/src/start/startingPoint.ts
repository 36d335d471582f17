import type { Params, StrategyState } from "@tutti/core";
import type { RunOrigin } from "@tutti/record";
import type { CoordinatorConfig } from "../config.ts";

/** Where a configuration says that a run starts: tuned parameters by path or run id, or another run after one of its rounds. */
export type StartFrom = NonNullable<CoordinatorConfig["startFrom"]>;

/** What a run starts with in place of values that its seed draws. */
export type StartContent =
  | { readonly kind: "params"; readonly params: Params }
  | {
      readonly kind: "state";
      readonly state: StrategyState;
      /** Of the train stage; the state is of its end. */
      readonly round: number;
    };

/** Where a run started, as its journal keeps it: what it was started from is never read again. */
export interface StartingPoint {
  readonly startFrom: StartFrom;
  readonly origin: RunOrigin;
  /** Null once the run has a state. */
  readonly content: StartContent | null;
}

/** Tuned parameters, and who tuned them. */
export interface ReadParams {
  /** Every parameter that the run trains. */
  readonly params: Params;
  readonly origin: {
    readonly kind: "promptsFile" | "peftAdapter";
    readonly runId: string | null;
    readonly baseModel: string | null;
  };
}

/** Reads the parameters that a run starts from and checks that they fit its settings; throws a sentence where they do not. */
export type StartReader = (path: string, place: Pick<CoordinatorConfig, "dataDir" | "publicDir" | "run">) => Promise<ReadParams>;
