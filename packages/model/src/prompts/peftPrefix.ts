import type { Params, Tensor } from "@tutti/core";
import { type BackboneConfig, keyValueWidth } from "../backbone/config.ts";

/**
 * The prefixes of all layers as peft stores them, `prompt_embeddings` (P, layers · 2 · W): one row for each prompt token, in it layer 0's key,
 * layer 0's value, layer 1's key, …. W is cut into heads alike in both, so that a head's values stay where they are. Ours are `prefix/<layer>` (2, P, W).
 */
export function joinPrefixes(params: Params, config: BackboneConfig): Tensor {
  const width = keyValueWidth(config);
  const numTokens = prefixOf(params, 0).shape[1];
  const shape = [numTokens, config.numLayers * 2 * width];
  const data = new Float32Array(shape[0] * shape[1]);
  for (let layer = 0; layer < config.numLayers; layer++) {
    const prefix = prefixOf(params, layer).data;
    eachRow(numTokens, (token, part) => {
      const from = (part * numTokens + token) * width;
      data.set(prefix.subarray(from, from + width), token * shape[1] + (2 * layer + part) * width);
    });
  }
  return { shape, data };
}

/** The inverse of `joinPrefixes`; throws, naming the tensor, where the shape is not that of this backbone's prefixes. */
export function splitPrefixes({ shape, data }: Tensor, config: BackboneConfig): Params {
  const { numLayers } = config;
  const width = keyValueWidth(config);
  const [numTokens, rowLength] = shape;
  if (shape.length !== 2 || rowLength !== numLayers * 2 * width) {
    const expected = `[P,${numLayers * 2 * width}] for keys and values of width ${width} in ${numLayers} layers`;
    throw new Error(`tensor prompt_embeddings: shape [${shape}], expected ${expected}; use the backbone that it was tuned on`);
  }
  const layers = Array.from({ length: numLayers }, (_, layer): [string, Tensor] => {
    const prefix = new Float32Array(2 * numTokens * width);
    eachRow(numTokens, (token, part) => {
      const from = token * rowLength + (2 * layer + part) * width;
      prefix.set(data.subarray(from, from + width), (part * numTokens + token) * width);
    });
    return [`prefix/${layer}`, { shape: [2, numTokens, width], data: prefix }];
  });
  return Object.fromEntries(layers);
}

/** Every prompt token's key (part 0) and value (part 1). */
function eachRow(numTokens: number, visit: (token: number, part: 0 | 1) => void): void {
  for (let token = 0; token < numTokens; token++) {
    visit(token, 0);
    visit(token, 1);
  }
}

function prefixOf(params: Params, layer: number): Tensor {
  const prefix = params[`prefix/${layer}`];
  if (prefix === undefined) throw new Error(`tensor prefix/${layer}: missing; there are ${Object.keys(params).join(", ")}`);
  return prefix;
}
