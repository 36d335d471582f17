import type { Contribution, Params, RoundPlan, RunSettings, StrategyState } from "@tutti/core";

/** A step that a thread computes. */
export interface MergeOrder {
  readonly run: RunSettings;
  readonly state: StrategyState;
  readonly plan: RoundPlan;
  readonly contributions: readonly Contribution[];
}

/** What a thread is told of an order: lists in parts, and at the end what remains. */
export type OrderPart =
  | { readonly kind: "tensors"; readonly list: readonly (readonly [string, Params[string]])[] }
  | { readonly kind: "payloads"; readonly list: readonly Params[] }
  | { readonly kind: "contributions"; readonly list: readonly Contribution[] }
  | { readonly kind: "rest"; readonly run: RunSettings; readonly values: StrategyState["values"]; readonly plan: RoundPlan };

/** Bytes of a part, but for one thing that is larger: they are copied in a millisecond or two. */
const partBytes = 2_000_000;

/** The order in parts, none of which takes long to copy. */
export function* orderParts({ run, state, plan, contributions }: MergeOrder): Generator<OrderPart> {
  for (const list of inParts(Object.entries(state.tensors), ([, { data }]) => data.byteLength)) yield { kind: "tensors", list };
  for (const list of inParts(plan.payloads, bytesOf)) yield { kind: "payloads", list };
  for (const list of inParts(contributions, ({ body }) => ("delta" in body ? bytesOf(body.delta) : 0)))
    yield { kind: "contributions", list };
  yield { kind: "rest", run, values: state.values, plan: { ...plan, payloads: [] } };
}

/** The order again; null as long as parts are missing. */
export function orderOf(parts: readonly OrderPart[]): MergeOrder | null {
  const rest = parts.find((part) => part.kind === "rest");
  if (rest === undefined) return null;
  const tensors = Object.fromEntries(parts.flatMap((part) => (part.kind === "tensors" ? part.list : [])));
  const payloads = parts.flatMap((part) => (part.kind === "payloads" ? part.list : []));
  const contributions = parts.flatMap((part) => (part.kind === "contributions" ? part.list : []));
  return { run: rest.run, state: { values: rest.values, tensors }, plan: { ...rest.plan, payloads }, contributions };
}

function bytesOf(params: Params): number {
  return Object.values(params).reduce((sum, { data }) => sum + data.byteLength, 0);
}

function* inParts<T>(list: readonly T[], sizeOf: (one: T) => number): Generator<readonly T[]> {
  let [part, bytes]: [T[], number] = [[], 0];
  for (const one of list) {
    part.push(one);
    bytes += sizeOf(one);
    if (bytes < partBytes) continue;
    yield part;
    [part, bytes] = [[], 0];
  }
  if (part.length > 0) yield part;
}
