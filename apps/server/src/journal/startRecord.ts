import { type Params, type StrategyState, sizeOf } from "@tutti/core";
import type { StartContent, StartingPoint } from "../start/startingPoint.ts";
import { bytesOf, floatsOf, packRecord, unpackRecord } from "./records.ts";

/** What the record says of its tensors, whose floats follow in this order. */
interface StartHead extends Pick<StartingPoint, "startFrom" | "origin"> {
  readonly content: ContentHead | null;
  readonly shapes: readonly (readonly [name: string, shape: readonly number[]])[];
}

/** What there is beside tensors. */
type ContentHead =
  | { readonly kind: "params" }
  | { readonly kind: "state"; readonly round: number; readonly values: StrategyState["values"] };

/** A starting point as a journal's record. */
export function packStart({ startFrom, origin, content }: StartingPoint): Uint8Array {
  const tensors = Object.entries(content === null ? {} : tensorsOf(content));
  const head: StartHead = { startFrom, origin, content: headOf(content), shapes: tensors.map(([name, { shape }]) => [name, shape]) };
  const bytes = new Uint8Array(tensors.reduce((sum, [, { data }]) => sum + data.byteLength, 0));
  let at = 0;
  for (const [, { data }] of tensors) {
    bytes.set(bytesOf(data), at);
    at += data.byteLength;
  }
  return packRecord(head, bytes);
}

/** The inverse of `packStart`; a journal's records are believed to be as they were written. */
export function unpackStart(record: Uint8Array): StartingPoint {
  const { json, bytes } = unpackRecord(record);
  const { startFrom, origin, content, shapes } = json as StartHead;
  if (content === null) return { startFrom, origin, content };
  const tensors = readTensors(shapes, bytes);
  return {
    startFrom,
    origin,
    content:
      content.kind === "params"
        ? { kind: "params", params: tensors }
        : { kind: "state", round: content.round, state: { values: content.values, tensors } },
  };
}

function headOf(content: StartContent | null): ContentHead | null {
  if (content === null) return null;
  if (content.kind === "params") return { kind: "params" };
  return { kind: "state", round: content.round, values: content.state.values };
}

function tensorsOf(content: StartContent): Params {
  return content.kind === "params" ? content.params : content.state.tensors;
}

function readTensors(shapes: StartHead["shapes"], bytes: Uint8Array): Params {
  let at = 0;
  return Object.fromEntries(
    shapes.map(([name, shape]) => {
      const data = floatsOf(bytes.subarray(at, at + 4 * sizeOf(shape)));
      at += data.byteLength;
      return [name, { shape, data }];
    }),
  );
}
