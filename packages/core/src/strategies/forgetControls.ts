import type { Params, Tensor } from "../params.ts";
import type { DeviceId } from "../task.ts";

/**
 * The server's tensors without the control variate c_i of a device: c ← c − c_i / N, so that c stays the mean of the N devices' variates with 0 for
 * this one. `c/…` is c and `c/<device>/…` is c_i. The same object where the device has none.
 */
export function forgetControl(tensors: Params, deviceId: DeviceId, numDevices: number): Params {
  const prefix = `c/${deviceId}/`;
  const own = Object.entries(tensors).filter(([name]) => name.startsWith(prefix));
  if (own.length === 0) return tensors;
  const next: Record<string, Tensor> = { ...tensors };
  for (const [name, variate] of own) {
    delete next[name];
    const ofAll = `c/${name.slice(prefix.length)}`;
    const control = tensors[ofAll];
    if (control === undefined) continue;
    next[ofAll] = { shape: control.shape, data: control.data.map((value, j) => value - variate.data[j] / numDevices) };
  }
  return next;
}
