import { defaultStrategy, type RunSettings } from "@tutti/core";
import { type Order, runSettingsSchema, settingFaults } from "@tutti/protocol";
import { ConfigError, type CoordinatorConfig } from "../config.ts";
import { deriveRunId } from "../runFolder.ts";

/** An order after which another run follows. */
export type SuccessionOrder = Extract<Order, { kind: "newRun" | "switchStrategy" }>;

/** How another run follows. */
export interface Following {
  /** Throws a ConfigError where such a run cannot be served; asked before anything is written. */
  prepare(next: NamedConfig): Promise<void>;
  /** The order is in the journal and answered: what was prepared begins. */
  begin(): void;
  /** Runs that were ordered to follow and could not be opened: the one before can be followed again. */
  readonly unopened?: ReadonlySet<string>;
}

/** What a following run takes over from the one before it. */
export interface Predecessor {
  readonly config: CoordinatorConfig;
  readonly runId: string;
  /** That it listened on; `config.port` may be 0. */
  readonly port: number;
  /** What its link carried. */
  readonly linkToken: string | null;
}

/** Where runs are. */
export interface KnownRuns {
  /** Whether there is a run of this id. */
  has(runId: string): boolean;
}

/** The configuration of the run that follows, at the same address and behind the same link; throws a ConfigError where the strategy does not fit. */
export function successor(order: SuccessionOrder, { config, runId, port, linkToken }: Predecessor, known: KnownRuns): NamedConfig {
  if (config.admission === "invitations") throw new ConfigError("a run by invitation cannot be followed: its invitations are its own");
  const { startFrom: _, codeWord: __, ...rest } = config;
  const place = { ...rest, port, ...(config.admission === "code" && linkToken !== null ? { codeWord: linkToken } : {}) };
  if (order.kind === "switchStrategy") {
    const run = withStrategy(config.run, order.strategy);
    return { ...place, run, startFrom: runId, runId: freeId(runId, deriveRunId(run, runId), { config, known }) };
  }
  const seed = order.seed ?? (config.run.seed + 1) % 2 ** 32;
  const run = { ...config.run, seed };
  return { ...place, run, runId: freeId(runId, deriveRunId(run), { config, known }) };
}

/** A configuration that names its run. */
export type NamedConfig = CoordinatorConfig & { readonly runId: string };

/** The run with another strategy of the project's; one from a file is for settings files. */
function withStrategy(before: RunSettings, { name, ...settings }: { readonly name: string }): RunSettings {
  const defaults = defaultStrategy(name);
  if (defaults === null) throw new ConfigError(`there is no strategy ${name.slice(0, 40)}: \`tutti lab list\` names them`);
  const run = { ...before, strategy: { ...defaults, ...settings } };
  const faults = settingFaults(runSettingsSchema, run);
  if (faults.length > 0) throw new ConfigError(`the strategy does not fit this run: ${faults.join("; ")}`);
  return runSettingsSchema.parse(run);
}

/** A name of the operator's own is counted up; another one follows from the settings. Never that of a run that is there. */
function freeId(
  runId: string,
  derived: string,
  { config, known }: { readonly config: CoordinatorConfig; readonly known: KnownRuns },
): string {
  const isNamed = config.runId !== undefined && runId !== deriveRunId(config.run, config.startFrom);
  if (!isNamed && !known.has(derived)) return derived;
  const base = isNamed ? runId.replace(/-run\d+$/, "") : derived;
  for (let number = 2; ; number++) {
    const id = `${base.slice(0, 56)}-run${number}`;
    if (!known.has(id)) return id;
  }
}
