import { roundTrip } from "../encoding.ts";
import { mapParams, type Params } from "../params.ts";
import type { RunConditions } from "../settings/runConditions.ts";

/** What another run changes of a state's tensors when it goes on with them. */
interface Handover {
  /** The settings that the tensors were made with. */
  readonly before: RunConditions;
  readonly after: RunConditions;
}

/**
 * A state's tensors for a run that goes on with other settings: parameters as its devices will decode them. What the server remembers of a single
 * device, `c/<device>/…`, stays where that device will hold the same examples.
 */
export function carriedTensors(tensors: Params, { before, after }: Handover): Params {
  const kept = holdSameExamples(before, after) ? tensors : withoutDevices(tensors);
  if (before.paramsEncoding === after.paramsEncoding) return kept;
  const isSent = (name: string) => name.startsWith("W/") || name.startsWith("initial/");
  return mapParams(kept, (tensor, name) => (isSent(name) ? roundTrip({ [name]: tensor }, after.paramsEncoding)[name] : tensor));
}

/** Whether device i of both runs holds the same examples: shares are dealt from the seed, and only a fixed roster deals them by number. */
function holdSameExamples(before: RunConditions, after: RunConditions): boolean {
  const dealt = ({ roster, task, seed, numDevices, partition }: RunConditions) =>
    JSON.stringify([roster, task, seed, numDevices, partition]);
  return after.roster === "fixed" && dealt(before) === dealt(after);
}

function withoutDevices(tensors: Params): Params {
  return Object.fromEntries(Object.entries(tensors).filter(([name]) => !/^c\/\d+\//.test(name)));
}
