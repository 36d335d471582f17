import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Bits, baseFormOf, bitsOnJoining, planningOf, type RunSettings } from "@tutti/core";
import { type Hello, type Refusal, refuse } from "@tutti/protocol";
import { z } from "zod";
import { ConfigError } from "./config.ts";
import type { TunedParameters } from "./tuned.ts";

/** How backbones of these bits are stored. */
const encodings: Readonly<Record<Bits, string>> = { 16: "f16", 8: "int8", 4: "nf4" };

/** Folders of a run's backbones by their bits, in a run whose clients are given different ones. */
export type Bases = ReadonlyMap<number, string>;

const manifestSchema = z.looseObject({ encoding: z.string() });

/**
 * The backbones that a run gives to its clients side by side: the run's own, and beside it `<name>-f16`, `<name>-int8`, `<name>-nf4`. Throws a
 * ConfigError that lists those that are not there, each with the command that makes it. Empty where all clients get the run's.
 */
export function findBases(publicDir: string, { backbone, strategy }: Pick<RunSettings, "backbone" | "strategy">): Bases {
  const planning = planningOf(strategy);
  if (planning === null || planning.bits.length === 0) return new Map();
  const own = encodingOf(publicDir, backbone);
  const found = planning.bits.map((bits) => [bits, own === encodings[bits] ? backbone : `${backbone}-${encodings[bits]}`] as const);
  const lacking = found.filter(([bits, name]) => encodingOf(publicDir, name) !== encodings[bits]);
  if (lacking.length === 0) return new Map(found);
  const lines = lacking.map(([bits, name]) => {
    const command = `tutti backbone add FOLDER --encoding ${encodings[bits]} --name ${name}`;
    return `strategy.bits: ${bits} bits need the backbone ${name}, which is not in ${join(publicDir, "backbones")}; \`${command}\` makes it, with the checkpoint's folder that ${backbone} was made from`;
  });
  throw new ConfigError(lines.join("\n"));
}

function encodingOf(publicDir: string, name: string): string | null {
  const path = join(publicDir, "backbones", name, "manifest.json");
  if (!existsSync(path)) return null;
  const parsed = manifestSchema.safeParse(JSON.parse(readFileSync(path, "utf8")));
  return parsed.success ? parsed.data.encoding : null;
}

/** What decides which backbone a client is given. */
export interface BaseRules {
  readonly run: RunSettings;
  readonly tuned: Pick<TunedParameters, "shape" | "initial">;
  /** Forced on all clients; null lets each choose. */
  readonly backend: "webgpu" | "wasm" | "cpu" | null;
}

/** The bits of the backbone for a client that says this; null where all get the run's, or it says nothing of its machine; or why no plan fits it (P-18). */
export function baseFor({ profile, capabilities }: Hello, { run, tuned, backend }: BaseRules): Bits | Refusal | null {
  const strategy = planningOf(run.strategy);
  if (strategy === null || profile === undefined) return null;
  const computesOn = backend ?? capabilities.backend;
  // until a client that measures has chosen, it counts as one that unpacks, which needs more
  const machine = { ...profile, baseForm: baseFormOf(computesOn === "auto" ? "wasm" : computesOn) };
  const bits = bitsOnJoining({ run: { ...run, strategy }, ...tuned, machine });
  if (typeof bits === "object") {
    const { refused, lack } = bits;
    return refuse("P-18", `no plan of this run fits this machine: ${refused}`, lack === undefined ? undefined : { kind: "noPlan", lack });
  }
  return strategy.bits.length === 0 ? null : bits;
}
