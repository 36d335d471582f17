import { z } from "zod";
import type { TakenRules } from "../aggregation/conditions.ts";
import type { Params } from "../params.ts";
import { isBoundedJson } from "../settings/boundedJson.ts";
import type { TunedShape } from "../tunings/tuned.ts";
import type { RunRule } from "./declaration.ts";
import { isModule, moduleName } from "./isModule.ts";
import type { Json, Strategy, StrategyRun, StrategyState, StrategySummary } from "./strategy.ts";
import { under, withPrefix } from "./tensors.ts";

/** What the coordinator says of a module, beside the module's own settings. */
const shape = {
  name: z.literal(moduleName),
  /** The file, as the settings file names it. */
  module: z.string().min(1).max(1024).describe("the path of a strategy's file"),
  /** As the module declares it. */
  title: z.string().min(1).max(120),
  /** Of the file and of all that it imports by a path. */
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .describe("64 digits of a SHA-256"),
};

/** A strategy from a file outside the project, as a run has it. The module's own settings stand beside these names and are plain JSON to everyone else. */
export type ModuleSettings = Readonly<z.output<z.ZodObject<typeof shape>>>;

/** Names that a module's own settings cannot have. */
export const moduleNames: readonly string[] = Object.keys(shape);

/** What a module exports: the parts of `declareStrategy` that a run needs. */
export interface StrategyDeclaration extends Strategy {
  readonly name: string;
  readonly title: string;
  /** Its settings, each with its bounds and default. */
  readonly settings: z.ZodRawShape;
  readonly rules: readonly RunRule<never>[];
  needsSingleContributions(own: never): boolean;
  /** Which rules of the run it keeps to, by `combinedChange` or `averageSent`; none by default. */
  takesRules?(own: never): TakenRules;
}

/** Modules that this process has loaded, by SHA-256: where there is none, a run can be read but not continued. */
const loaded = new Map<string, StrategyDeclaration>();

/** Makes a module's strategy known to this process. */
export function rememberStrategy(sha256: string, declaration: StrategyDeclaration): void {
  loaded.set(sha256, declaration);
}

/** The schema of a module's own settings, with its defaults; names that it does not have are refused. */
export function ownSettingsSchema({ settings }: Pick<StrategyDeclaration, "settings">): z.ZodObject {
  return z.strictObject(settings);
}

/** A strategy from a module, in a run's settings. Where the module is loaded, its own settings are held against its schema. */
export const moduleSchema = z.looseObject(shape).superRefine((found, context) => {
  const own = ownSettingsOf(found);
  if (!isBoundedJson(own)) context.addIssue("settings of a module are JSON of at most 16 kB, at most 16 levels deep");
  const declaration = loaded.get(found.sha256);
  const issues = declaration === undefined ? [] : (ownSettingsSchema(declaration).safeParse(own).error?.issues ?? []);
  for (const { path, message } of issues) context.addIssue({ code: "custom", path: [...path], message });
}) as unknown as z.ZodObject<typeof shape, z.core.$strict>;

/** What a run must be like for its module, and is not, where the module is loaded. */
export function brokenModuleRules(run: StrategyRun): readonly Pick<RunRule<never>, "path" | "error">[] {
  const strategy = run.strategy as ModuleSettings | { readonly name: "another" };
  const declaration = isModule(strategy) ? loaded.get(strategy.sha256) : undefined;
  if (declaration === undefined) return [];
  const own = ownRun(run, declaration);
  return declaration.rules.filter((rule: RunRule<{ readonly name: string }>) => !rule.holds(own));
}

/** Whether the module's server needs each device's contribution; true where the module is not loaded. */
export function moduleNeedsSingleContributions(strategy: ModuleSettings): boolean {
  const declaration: { needsSingleContributions(own: object): boolean } | undefined = loaded.get(strategy.sha256);
  return declaration?.needsSingleContributions({ ...ownSettingsOf(strategy) }) ?? true;
}

/** Which rules a module's server keeps to; all where the module is not loaded and its run can only be read. */
export function rulesOfModule(strategy: ModuleSettings): TakenRules {
  const declaration: { takesRules?(own: object): TakenRules } | undefined = loaded.get(strategy.sha256);
  if (declaration === undefined) return "all";
  return declaration.takesRules?.({ ...ownSettingsOf(strategy) }) ?? "none";
}

/**
 * The module's decisions. Beside its own state the state has what others read of it (summary and names of parameters), so that a run can be shown and
 * exported without its code; whatever needs the code names the module in its error.
 */
export function strategyOfModule({ module, title, sha256 }: ModuleSettings): Strategy {
  function call<T>(what: string, act: (declaration: StrategyDeclaration) => T): T {
    const declaration = loaded.get(sha256);
    if (declaration === undefined)
      throw new Error(
        `strategy ${title}: the code of ${module} (SHA-256 ${sha256.slice(0, 12)}) is not loaded here: start the run with the settings file that names it`,
      );
    try {
      return act(declaration);
    } catch (cause) {
      throw new Error(`strategy module ${module}: ${what}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    }
  }
  return {
    schedule: (run) => (loaded.has(sha256) ? call("schedule", (own) => own.schedule(ownRun(run, own))) : []),
    init: (run, tuned: TunedShape, initial) => call("init", (own) => shown(own, own.init(ownRun(run, own), tuned, initial))),
    plan: (state, ...rest) =>
      call("plan", (own) => {
        const plan = own.plan(ownState(state), ...rest);
        if ("tasks" in plan || "done" in plan || "waiting" in plan) return plan;
        throw new Error("returned neither tasks nor done nor waiting");
      }),
    aggregate: (state, ...rest) => call("aggregate", (own) => shown(own, own.aggregate(ownState(state), ...rest))),
    forget(state, ...rest) {
      return call("forget", (own) => {
        const before = ownState(state);
        const after = own.forget?.(before, ...rest) ?? before;
        return after === before ? state : shown(own, after);
      });
    },
    globalParams: (state) => viewOf(state, "global"),
    newcomerParams: (state) => viewOf(state, "newcomer"),
    summary: ({ values }) => values.summary as unknown as StrategySummary, // written by `shown` in this form
  };
}

/** The module's own settings. */
function ownSettingsOf(strategy: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(strategy).filter(([name]) => !moduleNames.includes(name)));
}

/** The run as the module declares its settings. */
function ownRun(run: StrategyRun, { name }: StrategyDeclaration): StrategyRun {
  return { ...run, strategy: { ...ownSettingsOf(run.strategy), name } };
}

const ownPrefix = "own/";

type View = "global" | "newcomer";

/** The module's state with what others read of it. A tensor that stays the same object stays so here, and is kept once. */
function shown(own: StrategyDeclaration, state: StrategyState): StrategyState {
  const summary = own.summary(state) as unknown as Json; // plain data by its type
  const tensors = withPrefix(ownPrefix, state.tensors);
  const keys = new Map(Object.entries(tensors).map(([key, tensor]) => [tensor, key]));
  const others: Record<string, Params[string]> = {};
  const keysOf = (view: View, params: Params) =>
    Object.fromEntries(
      Object.entries(params).map(([name, tensor]) => {
        const key = keys.get(tensor) ?? `${view}/${name}`;
        others[key] = tensor;
        return [name, key];
      }),
    );
  const views = { global: keysOf("global", own.globalParams(state)), newcomer: keysOf("newcomer", own.newcomerParams(state)) };
  return { values: { own: state.values, summary, views }, tensors: { ...others, ...tensors } };
}

function ownState({ values, tensors }: StrategyState): StrategyState {
  return { values: values.own as StrategyState["values"], tensors: under(tensors, ownPrefix) };
}

function viewOf({ values, tensors }: StrategyState, view: View): Params {
  const keys = (values.views as Readonly<Record<View, Readonly<Record<string, string>>>>)[view];
  return Object.fromEntries(Object.entries(keys).map(([name, key]) => [name, tensors[key]]));
}
