import { requireSameShapes, type Strategy } from "@tutti/core";
import { parametersSha256 } from "@tutti/protocol";
import { ConfigError, type CoordinatorConfig } from "../config.ts";
import type { TunedParameters } from "../tuned.ts";
import { readBranchPoint } from "./branchPoint.ts";
import type { StartingPoint, StartReader } from "./startingPoint.ts";

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
