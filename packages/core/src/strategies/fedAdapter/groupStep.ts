import { omitNames, type Params, weightedSum } from "../../params.ts";
import { loraPairs } from "../../tunings/loraFactors.ts";
import { admittedContributions, average, type ContributionOf, exampleWeights } from "../averaging.ts";
import { factorsAfter, pairOf } from "../mergedStep.ts";
import { withLeading } from "../mixedRanks.ts";
import { sentForm } from "../sentForm.ts";
import type { FedAdapterState } from "./state.ts";

/** The parameters after the devices of one size have trained them: each factor's components are averaged, weighted by examples; the others stay. */
export function groupStep({ values }: FedAdapterState, before: Params, sent: readonly ContributionOf<"train">[]): Params {
  if (sent.length === 0) return before;
  const trained = admittedContributions(values.run, sent);
  const pairs = loraPairs(values.shape);
  const names = pairs.flatMap(({ a, b }) => [a, b]);
  const deltas = trained.map(({ body }) => body.delta);
  const after = factorsAfter(before, weightedSum(deltas, exampleWeights(trained)), pairs);
  const factors = pairs.flatMap((pair): [string, Params[string]][] => {
    if (!Object.hasOwn(after, pair.b)) return [];
    const { a, b } = withLeading(pairOf(before, pair), pairOf(after, pair));
    return [
      [pair.a, a],
      [pair.b, b],
    ];
  });
  const others = trained.map((one) => ({ ...one, body: { ...one.body, delta: omitNames(one.body.delta, names) } }));
  const changed = { ...Object.fromEntries(factors), ...average(omitNames(before, names), others) };
  return { ...before, ...sentForm(changed, values.run.paramsEncoding) };
}
