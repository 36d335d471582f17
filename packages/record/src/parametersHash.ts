import type { DeviceId, Params, Tensor } from "@tutti/core";
import { parametersSha256 } from "@tutti/protocol";

/** SHA-256 of the name-ordered f32 of W and of every device's local layers, which are named `device/<id>/<name>`. */
export function hashParameters(globalParams: Params, localByDevice: ReadonlyMap<DeviceId, Params>): string {
  const all: Record<string, Tensor> = { ...globalParams };
  for (const [deviceId, local] of localByDevice) {
    for (const [name, tensor] of Object.entries(local)) all[`device/${String(deviceId).padStart(6, "0")}/${name}`] = tensor;
  }
  return parametersSha256(all);
}
