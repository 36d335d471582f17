import { roundTrip } from "../encoding.ts";
import { mapParams, maxMagnitude, type Params } from "../params.ts";
import type { RunConditions } from "../settings/runConditions.ts";

/** The largest magnitude of a global parameter, that of a contribution's values too (architecture.md, "What travels"). */
export const maxSentMagnitude = 1e4;

/**
 * W as the devices will decode it. Contributions within their bound can still push W out of what f16 holds, round by round;
 * values are cut off at the bound, so that no device can stop a run.
 */
export function sentForm(params: Params, encoding: RunConditions["paramsEncoding"]): Params {
  const isWithin = maxMagnitude(params) <= maxSentMagnitude;
  return roundTrip(isWithin ? params : mapParams(params, cutOff), encoding);
}

function cutOff({ shape, data }: Params[string]): Params[string] {
  return { shape, data: data.map((value) => Math.min(maxSentMagnitude, Math.max(-maxSentMagnitude, value))) };
}
