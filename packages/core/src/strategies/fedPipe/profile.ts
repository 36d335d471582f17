import { z } from "zod";
import { integer, number } from "../../settings/fields.ts";

/** What a client says of its machine: a claim, within bounds. */
export const clientProfileSchema = z.strictObject({
  /** Of a matrix product on the client's backend: two for each multiplication with its addition. */
  flopsPerSecond: number(1e5, 1e16),
  /** That training may use. */
  memoryBytes: integer(2 ** 20, 2 ** 50),
  /** Of the link to the coordinator. */
  bytesPerSecond: number(100, 1e12),
});

/** What a client says of its machine: a claim, within bounds. */
export type ClientProfile = Readonly<z.output<typeof clientProfileSchema>>;

/** Where a backend keeps the backbone: packed at its bits, or unpacked to f32. */
export type BaseForm = "packed" | "unpacked";

/** A client's machine as the planner sees it. */
export interface ClientMachine extends ClientProfile {
  readonly baseForm: BaseForm;
}

/** How a backend keeps a packed backbone: the WASM and CPU kernels compute with f32. */
export function baseFormOf(backend: "webgpu" | "wasm" | "cpu"): BaseForm {
  return backend === "webgpu" ? "packed" : "unpacked";
}
