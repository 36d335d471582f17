import { mapParams, type Params, requireSameShapes } from "../params.ts";

/**
 * The gradient of FedProx's local loss (Li et al., 2020, https://arxiv.org/abs/1812.06127, equation 2): g + μ (θ − W), W being where the
 * task started. It is clipped like any gradient.
 */
export function addProximal(gradients: Params, params: Params, start: Params, proximal: number): Params {
  requireSameShapes(params, gradients);
  requireSameShapes(params, start);
  return mapParams(gradients, ({ shape, data }, name) => ({
    shape,
    data: data.map((value, i) => value + proximal * (params[name].data[i] - start[name].data[i])),
  }));
}
