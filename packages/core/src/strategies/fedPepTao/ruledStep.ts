import type { Updates } from "../../aggregation/declaration.ts";
import { clippedParams, flattened, tensorsOf } from "../../aggregation/overParams.ts";
import { admitAll, sumOf } from "../../aggregation/sums.ts";
import type { Rule } from "../../aggregation/table.ts";
import { type Params, requireSameShapes, sortedNames } from "../../params.ts";
import type { DeviceId } from "../../task.ts";
import { type ContributionOf, exampleWeights } from "../averaging.ts";
import { positiveSteps, pullOf, type ServerMemory, type ServerStepOptions, type ServerStepResult, stepTogether } from "./serverStep.ts";

/** Options of a server step that a rule takes part in, which is always the parallel one. */
export type RuledStepOptions = ServerStepOptions & { readonly rule: Rule };

/** Contributions and memory as vectors, all tensors behind each other. */
interface Vectors {
  readonly names: readonly string[];
  readonly deltas: readonly Float32Array[];
  /** The changes y_i − W, none longer than the rule allows. */
  readonly clipped: readonly Float32Array[];
  /** c_i, null for 0. */
  readonly controls: readonly (Float32Array | null)[];
  /** c, null for 0. */
  readonly control: Float32Array | null;
}

/**
 * The parallel server step (fedpeptao.md §5, steps 5 to 8) with a rule in the place of every mean over devices: A = W + rule(y_i − W), Σ p_i c_i⁺ and
 * Σ K_i (c_i⁺ − c_i) / Σ K_i. The rule sees whole updates, all tensors together. c_i⁺ follows from y_i as the rule clips it, so that what the server
 * keeps of one device has a bound. A rule with a length among its settings has nothing more to bound there, and those two are means.
 */
export function ruledStep(
  sent: Params,
  contributions: readonly ContributionOf<"train">[],
  memory: ServerMemory,
  options: RuledStepOptions,
): ServerStepResult {
  const vectors = vectorsOf(sent, contributions, memory, options.rule);
  const { names } = vectors;
  const weights = exampleWeights(contributions);
  const before = flattened(sent, names);
  const mean = options.rule.combine({ vectors: vectors.deltas, weights }); // A − W
  const average = mean.map((value, j) => before[j] + value); // A
  const variates = options.controlVariates ? ruledControls(vectors, contributions, options) : null;
  const shaped = (values: Float64Array) => tensorsOf(values, sent, names);
  const kept = {
    control: variates === null ? {} : shaped(variates.control),
    controls: new Map(
      variates?.controls.map((values, i): [DeviceId, Params] => [contributions[i].deviceId, shaped(Float64Array.from(values))]),
    ),
    displacement: options.pseudoGradient === "difference" ? shaped(mean.map((value) => -value)) : {}, // D = W − A
  };
  if (options.isFirst) return { params: shaped(average), memory: { ...kept, momentum: memory.momentum } };
  const pull = pullOf(mean, vectorOf(memory.displacement, sent, names), variates?.control ?? null, options);
  const next = stepTogether(average, pull, vectorOf(memory.momentum, sent, names), variates?.meanControl ?? null, options);
  return {
    params: shaped(Float64Array.from(next.params)),
    memory: { ...kept, momentum: shaped(Float64Array.from(next.momentum)) },
  };
}

function vectorsOf(sent: Params, contributions: readonly ContributionOf<"train">[], memory: ServerMemory, rule: Rule): Vectors {
  const names = sortedNames(sent);
  const deltas = contributions.map(({ body }) => body.delta);
  for (const delta of deltas) requireSameShapes(sent, delta);
  return {
    names,
    deltas: deltas.map((delta) => flattened(delta, names)),
    clipped: clippedParams(rule, deltas).map((delta) => flattened(delta, names)),
    controls: contributions.map(({ deviceId }) => vectorOf(memory.controls.get(deviceId) ?? {}, sent, names)),
    control: vectorOf(memory.control, sent, names),
  };
}

/** What the server remembers, as one vector; an absent tensor is 0, and null stands for all of them. */
function vectorOf(remembered: Params, like: Params, names: readonly string[]): Float32Array | null {
  if (!names.some((name) => Object.hasOwn(remembered, name))) return null;
  const filled = names.map((name): [string, Params[string]] => [
    name,
    remembered[name] ?? { shape: like[name].shape, data: new Float32Array(like[name].data.length) },
  ]);
  return flattened(Object.fromEntries(filled), names);
}

/** c_i⁺ = c_i − c + (W − y_i)/(K_i η), and the rule's Σ p_i c_i⁺ and c⁺ = c + ρ Σ K_i (c_i⁺ − c_i) / Σ K_i. */
function ruledControls(
  { clipped, controls, control }: Vectors,
  contributions: readonly ContributionOf<"train">[],
  { rule, clientLearningRate, participation, maxCountedSteps }: RuledStepOptions,
) {
  const steps = contributions.map(positiveSteps);
  const changes = clipped.map((delta, i) => {
    const factor = 1 / (steps[i] * clientLearningRate);
    return delta.map((value, j) => -(control?.[j] ?? 0) - value * factor);
  });
  const after = changes.map((change, i) => change.map((value, j) => (controls[i]?.[j] ?? 0) + value));
  const counted = steps.map((numSteps) => Math.min(numSteps, maxCountedSteps ?? Number.POSITIVE_INFINITY));
  const totalSteps = counted.reduce((sum, numSteps) => sum + numSteps, 0);
  const change = summed(rule, { vectors: changes, weights: counted.map((numSteps) => numSteps / totalSteps) });
  return {
    controls: after,
    meanControl: summed(rule, { vectors: after, weights: exampleWeights(contributions) }),
    control: change.map((value, j) => (control?.[j] ?? 0) + participation * value),
  };
}

function summed(rule: Rule, updates: Updates): Float64Array {
  if (rule.isScaleFree) return rule.combine(updates);
  return sumOf(
    updates.vectors,
    admitAll(updates, () => 1),
  );
}
