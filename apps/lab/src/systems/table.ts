import type { FedPtOptions } from "./fedPtConfig.ts";

/** A federated system that `tutti demo --system` shows. */
export interface System {
  run(options: FedPtOptions): Promise<{ readonly stoppedBy: NodeJS.Signals | null }>;
}

/** By name: a new one is a line here. */
export const systems = {
  fedpt: { run: async (options) => (await import("./runFedPt.ts")).runFedPt(options) },
} as const satisfies Readonly<Record<string, System>>;

/** `--system` of a demo. */
export type SystemName = keyof typeof systems;
