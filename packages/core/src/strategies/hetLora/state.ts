import type { GlobalModelState, GlobalModelValues } from "../globalModel.ts";
import type { HetLoraSettings } from "./settings.ts";

/** What HetLoRA keeps: with the global model the ranks of devices that have lost components, in device order. */
export interface HetLoraState extends GlobalModelState<HetLoraSettings> {
  readonly values: GlobalModelValues<HetLoraSettings> & {
    readonly pruned: readonly { readonly deviceId: number; readonly rank: number }[];
  };
}
