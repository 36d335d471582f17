import type { PackedBackbone } from "../backbone/packed.ts";

/** Vocabulary logits at one position of a roberta backbone, in plain float64 loops: slow, and independent of the tensor library. */
export function plainLogits(backbone: PackedBackbone, ids: readonly number[], position: number): number[] {
  const { config } = backbone;
  const weights = new Map(backbone.names.map((name) => [name, backbone.tensor(name).data]));
  const get = (name: string) => weights.get(name) ?? new Float32Array(0);
  const linear = (x: number[], name: string) => matVec(get(`${name}.weight`), x).map((value, i) => value + (get(`${name}.bias`)[i] ?? 0));
  const norm = (x: number[], name: string) => layerNorm(x, get(`${name}.weight`), get(`${name}.bias`), config.layerNormEpsilon);
  const add = (a: number[], b: number[]) => a.map((value, i) => value + (b[i] ?? 0));
  const row = (name: string, index: number) => [...backbone.rows(name, [index])];

  let hidden = ids.map((id, i) => {
    const sum = add(add(row("embeddings.word", id), row("embeddings.position", i + config.positionOffset)), row("embeddings.type", 0));
    return norm(sum, "embeddings.norm");
  });
  for (let layer = 0; layer < config.numLayers; layer++) {
    const here = `layers.${layer}`;
    const project = (name: string) => hidden.map((x) => linear(x, `${here}.attention.${name}`));
    const attended = attend(project("query"), project("key"), project("value"), config.numHeads);
    hidden = hidden.map((x, i) => {
      const y = norm(add(x, linear(attended[i] ?? [], `${here}.attention.output`)), `${here}.attention.norm`);
      return norm(add(y, linear(linear(y, `${here}.feedForward.up`).map(gelu), `${here}.feedForward.down`)), `${here}.feedForward.norm`);
    });
  }
  const state = norm(linear(hidden[position] ?? [], "head.dense").map(gelu), "head.norm");
  return matVec(get("embeddings.word"), state).map((value, i) => value + (get("head.bias")[i] ?? 0));
}

function attend(queries: number[][], keys: number[][], values: number[][], numHeads: number): number[][] {
  return queries.map((query) => {
    const size = query.length / numHeads;
    return Array.from({ length: numHeads }, (_, head) => {
      const part = (x: number[]) => x.slice(head * size, (head + 1) * size);
      const scores = keys.map((key) => Math.exp(dot(part(query), part(key)) / Math.sqrt(size)));
      const total = scores.reduce((a, b) => a + b, 0);
      return Array.from({ length: size }, (_, i) => values.reduce((sum, v, t) => sum + (part(v)[i] ?? 0) * ((scores[t] ?? 0) / total), 0));
    }).flat();
  });
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
}

function matVec(matrix: Float32Array, x: number[]): number[] {
  return Array.from({ length: matrix.length / x.length }, (_, row) => dot(matrix.subarray(row * x.length, (row + 1) * x.length), x));
}

function layerNorm(x: number[], weight: Float32Array, bias: Float32Array, epsilon: number): number[] {
  const mean = x.reduce((a, b) => a + b, 0) / x.length;
  const variance = x.reduce((sum, value) => sum + (value - mean) ** 2, 0) / x.length;
  return x.map((value, i) => ((value - mean) / Math.sqrt(variance + epsilon)) * (weight[i] ?? 0) + (bias[i] ?? 0));
}

function gelu(x: number): number {
  return (x / 2) * (1 + erf(x / Math.SQRT2));
}

/** Error function by its Maclaurin series; beyond 5 it is ±1 in float64 to 1e-11. */
function erf(x: number): number {
  if (Math.abs(x) > 5) return Math.sign(x);
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-17; n++) {
    term *= (-x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}
