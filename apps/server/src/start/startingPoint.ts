import { type Params, requireSameShapes, type Strategy, type StrategyState } from "@tutti/core";
import { parametersSha256 } from "@tutti/protocol";
import type { RunOrigin } from "@tutti/record";
import { ConfigError, type CoordinatorConfig } from "../config.ts";
import type { TunedParameters } from "../tuned.ts";
import { readBranchPoint } from "./branchPoint.ts";

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
export type StartReader = (path: string, config: CoordinatorConfig) => Promise<ReadParams>;

/** What a starting point is read with. */
export interface StartPorts {
  readonly strategy: Strategy;
  readonly tuned: TunedParameters;
  readonly readStart?: StartReader | undefined;
}

/** Reads what a new run starts from; null for values that its seed draws. Throws a ConfigError where it cannot start from there. */
export async function readStartingPoint(config: CoordinatorConfig, ports: StartPorts): Promise<StartingPoint | null> {
  const { startFrom } = config;
  if (startFrom === undefined) return null;
  if (typeof startFrom !== "string") return readBranchPoint(config, startFrom, ports.strategy);
  if (ports.readStart === undefined) {
    throw new ConfigError(`startFrom: ${startFrom} cannot be read: whoever starts the coordinator hands in no reader of parameters`);
  }
  const { params, origin } = await ports.readStart(startFrom, config).catch((cause: unknown) => {
    throw new ConfigError(`startFrom: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  });
  requireSameShapes(ports.tuned.initial, params);
  const { kind: source, runId, baseModel } = origin;
  const sha256 = parametersSha256(params);
  return {
    startFrom,
    origin: { kind: "params", path: startFrom, source, runId, baseModel, sha256 },
    content: { kind: "params", params },
  };
}
