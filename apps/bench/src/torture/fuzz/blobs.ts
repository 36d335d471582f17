import type { DeviceState, Params } from "@tutti/core";
import {
  CodecError,
  checkTensors,
  decodeDeviceState,
  decodeExpected,
  decodeParams,
  encodeDeviceState,
  encodeParams,
  isRefusal,
  readTensorEntries,
} from "@tutti/protocol";
import { byteTarget } from "./readers.ts";
import type { FuzzTarget } from "./target.ts";

const values = (...data: number[]) => Float32Array.from(data);

const params: Params = {
  "head/bias": { shape: [], data: values(0.5) },
  "head/weight": { shape: [2, 3], data: values(1, -2, 3, 5, -7, 11) },
  "lora/0/query/a": { shape: [1, 2, 1, 2], data: values(1, 2, 3, 4) },
  "prefix/3": { shape: [5], data: values(0.25, 9999, -1e-8, 0, -0) },
  constructor: { shape: [1], data: values(1) },
};
const shapes = { "head/weight": [2, 3], "prefix/3": [5] };
const pair: Params = {
  "head/weight": params["head/weight"] ?? { shape: [], data: values(0) },
  "prefix/3": params["prefix/3"] ?? { shape: [], data: values(0) },
};
const states: readonly DeviceState[] = [
  { local: params, moments: { m: params, v: params, step: 7 }, stageSteps: 12, stage: "train" },
  { local: {}, moments: null, stageSteps: 0 },
  { local: { "prefix/1": { shape: [2], data: values(1, 2) } }, moments: null, stageSteps: 3, stage: "score" },
];

/** What is wrong with an error of the codec: it names a rule, and there is no other. */
export function codecFault(error: unknown): string | null {
  if (!(error instanceof CodecError)) return `threw ${error instanceof Error ? error.stack : String(error)}`;
  return /^P-\d+$/.test(error.rule) && error.message.length > 10 ? null : `its rule is ${error.rule}`;
}

/** Messages of tensors (P-50): what is read is finite, and is the same when it is written and read again. */
export function tensorsTarget(): FuzzTarget {
  const samples = (["f32", "f16", "int8"] as const).flatMap((encoding) => [encodeParams(pair, encoding), encodeParams({}, encoding)]);
  return byteTarget("tensors", {
    samples: [...samples, encodeParams(params, "f32")],
    fault: codecFault,
    read(bytes, random) {
      const found = decodeParams(bytes);
      if (Object.keys(found).length !== readTensorEntries(bytes).length) throw new Error("a tensor was lost");
      const again = decodeParams(encodeParams(found, "f32"));
      if (checkTensors(again, Object.fromEntries(Object.entries(found).map(([name, { shape }]) => [name, shape])), 4e38).length > 0)
        throw new Error("what was read cannot be written and read again");
      const isRoomy = random.integer(2) === 0;
      const expected = decodeExpected(bytes, { shapes: isRoomy ? shapes : {}, encoding: "f32" });
      if (isRefusal(expected)) throw new CodecError(expected.refused, expected.message);
    },
  });
}

/** Device states (P-56). */
export function deviceStatesTarget(): FuzzTarget {
  return byteTarget("device states", {
    samples: states.map(encodeDeviceState),
    fault: codecFault,
    read(bytes) {
      const state = decodeDeviceState(bytes);
      const again = decodeDeviceState(encodeDeviceState(state));
      if (Object.keys(again.local).length !== Object.keys(state.local).length) throw new Error("a local parameter was lost");
    },
  });
}
