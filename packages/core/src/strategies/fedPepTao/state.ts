import { roundTrip } from "../../encoding.ts";
import { type Params, pickNames } from "../../params.ts";
import type { DeviceId } from "../../task.ts";
import type { TunedShape } from "../../tunings/tuned.ts";
import type { Position } from "../course.ts";
import type { AsJson, Evaluation, SpectrumProbe, StrategyState } from "../strategy.ts";
import { allNames, withPrefix } from "../tensors.ts";
import type { ServerMemory } from "./serverStep.ts";
import type { FedPepTaoRun, FedPepTaoSettings } from "./settings.ts";

export type FedPepTaoValues = {
  readonly run: FedPepTaoRun;
  readonly settings: FedPepTaoSettings;
  readonly shape: AsJson<TunedShape>;
  readonly position: Position;
  /** s_l of Stage A. */
  readonly layerScores: readonly (number | null)[] | null;
  /** Cohort of the last counting round, in sampling order. */
  readonly lastCohort: readonly DeviceId[];
  readonly probes: readonly AsJson<SpectrumProbe>[];
  /** r. */
  readonly keepFraction: number | null;
  /** 𝓢, ascending; set when Stage C starts. */
  readonly selectedLayers: readonly number[] | null;
  /** η_s of the latest server step, or of the first one, before a schedule. */
  readonly serverLearningRate: number;
  readonly evaluations: readonly AsJson<Evaluation>[];
};

/**
 * State of `fedPepTao`. Tensors, by parameter name: `W/…` as the devices decode it (all names in Stages A and B, the shared ones in
 * Stage C), `initial/…` (where a device without local parameters starts: all names in Stages A and B, the ones that stay local in Stage C),
 * and in Stage C `c/…`, `c/<device>/…`, `V/…` and `Dprev/…`; an absent one is 0.
 */
export interface FedPepTaoState extends StrategyState {
  readonly values: FedPepTaoValues;
}

/** The tensors before the first step. */
export function startTensors(settings: FedPepTaoSettings, run: FedPepTaoRun, shape: TunedShape, initial: Params): Params {
  const decoded = roundTrip(pickNames(initial, allNames(shape)), run.paramsEncoding);
  const keepsInitial = settings.initialPrompts === "fresh";
  return { ...withPrefix("W/", decoded), ...(keepsInitial ? withPrefix("initial/", decoded) : {}) };
}

/** What the server remembers of these names and devices. */
export function memoryOf(tensors: Params, names: readonly string[], devices: readonly DeviceId[]): ServerMemory {
  const kept = (prefix: string): Params =>
    Object.fromEntries(names.flatMap((name) => (Object.hasOwn(tensors, prefix + name) ? [[name, tensors[prefix + name]]] : [])));
  return {
    control: kept("c/"),
    controls: new Map(devices.map((id) => [id, kept(`c/${id}/`)])),
    momentum: kept("V/"),
    displacement: kept("Dprev/"),
  };
}

/** The tensors after a server step: what it made replaces what was there, everything else stays the same object. */
export function withStep(tensors: Params, params: Params, memory: ServerMemory): Params {
  const next: Record<string, Params[string]> = {
    ...tensors,
    ...withPrefix("W/", params),
    ...withPrefix("c/", memory.control),
    ...withPrefix("V/", memory.momentum),
    ...withPrefix("Dprev/", memory.displacement),
  };
  for (const [id, control] of memory.controls) Object.assign(next, withPrefix(`c/${id}/`, control));
  return next;
}
