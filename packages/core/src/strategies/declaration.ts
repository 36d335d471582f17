import { z } from "zod";
import { aggregationFault, type TakenRules } from "../aggregation/conditions.ts";
import type { DeclaredMethod } from "../comparison.ts";
import type { Publication } from "../publication.ts";
import type { RunConditions } from "../settings/runConditions.ts";
import { type SettingsOf, withoutDefaults } from "../settings/shape.ts";
import type { Contribution } from "../task.ts";
import type { TuningMethodName } from "../tunings/table.ts";
import type { Strategy, StrategyRun, StrategyState } from "./strategy.ts";

/** The settings of a strategy, from its name and the schemas of its own ones. */
export type StrategySettingsOf<Name extends string, Shape extends z.ZodRawShape> = SettingsOf<"name", Name, Shape>;

/** What a run with a strategy must be like, where its schema cannot say so. */
export interface RunRule<Settings> {
  /** The parts of the settings that it looks at. */
  readonly of: readonly (keyof StrategyRun)[];
  /** The setting that a refusal names. */
  readonly path: readonly string[];
  /** What is wrong and what to do, after what was found. */
  readonly error: string;
  holds(run: StrategyRun<Settings>): boolean;
}

/** A method of the comparison that a strategy makes, with prompts in every layer unless it says what else is tuned. */
export interface StrategyMethod<Settings> extends DeclaredMethod {
  /** The tuning method, with its defaults, of a strategy that is made for it; `prefix` by default. */
  readonly tunes?: TuningMethodName;
  /** Its settings where they are not the defaults; `own` are the base's of this strategy, or the defaults. */
  strategy?(own: Settings, base: RunConditions): Partial<Omit<Settings, "name">>;
}

/** Which devices of a run need a backward pass. */
export type BackwardPasses = "all" | "some" | "none";

/** What a strategy's file says of it. */
export interface StrategyParts<Name extends string, Shape extends z.ZodRawShape, Names extends string, State extends StrategyState> {
  /** `strategy.name` of a run. */
  readonly name: Name;
  readonly title: string;
  /** What devices and server do, a sentence. */
  readonly about: string;
  /** Null for a control that needs none. */
  readonly publication: Publication | null;
  /** Where it is not as published, a sentence each. */
  readonly deviations: readonly string[];
  /** Its settings, each with its bounds and default. */
  readonly settings: Shape;
  /** Settings that runs did not have at first; the default, or to leave an optional one out, is what they did. */
  readonly laterSettings?: readonly (keyof Shape & string)[];
  readonly rules: readonly RunRule<StrategySettingsOf<Name, Shape>>[];
  /** Which of the run's rules its server keeps to; absent for none. */
  takesRules?(own: StrategySettingsOf<Name, Shape>): TakenRules;
  /** Whether the server needs each device's contribution, where others need the weighted sum alone; under a rule but the mean all do. */
  needsSingleContributions(own: StrategySettingsOf<Name, Shape>): boolean;
  /** Whether it edits prompts of words, which no gradient trains; absent for never. */
  readonly editsWords?: boolean;
  /** About how many multiplications its server's step takes beside means and merges, in this round; absent for none. */
  stepWork?(run: StrategyRun<StrategySettingsOf<Name, Shape>>, contributions: readonly Contribution[], round: number): number;
  /** Whether its plans hold tasks for a trusted compute client; absent for never. */
  needsCompute?(own: StrategySettingsOf<Name, Shape>): boolean;
  /** Which of its devices need a backward pass; absent for all. A device that computes forward passes alone (P-250) takes part where not all do. */
  backwardPasses?(own: StrategySettingsOf<Name, Shape>): BackwardPasses;
  /** The methods of the comparison that it makes, by name. */
  readonly methods: Readonly<Record<Names, StrategyMethod<StrategySettingsOf<Name, Shape>>>>;
  readonly decisions: Strategy<State, StrategyRun<StrategySettingsOf<Name, Shape>>>;
}

/** A strategy with what is said of it, and the schema of its settings. */
export function declareStrategy<
  const Name extends string,
  Shape extends z.ZodRawShape,
  const Names extends string,
  State extends StrategyState,
>({ decisions, ...parts }: StrategyParts<Name, Shape, Names, State>) {
  const { name, settings, laterSettings } = parts;
  return {
    ...parts,
    ...decisions,
    /** As a run has them. */
    schema: z.strictObject({ name: z.literal(name), ...withoutDefaults(settings, laterSettings) }),
    /** What each setting is unless somebody says so. */
    defaults: defaultsOf(name, settings) as StrategySettingsOf<Name, Shape>,
    init(...[run, shape, initial]: Parameters<typeof decisions.init>): State {
      if (run.strategy.name !== parts.name) throw new Error(`strategy ${parts.name}: the run is set to ${run.strategy.name}`);
      const broken = parts.rules.find((rule) => !rule.holds(run));
      if (broken !== undefined) throw new Error(`strategy ${parts.name}: ${broken.path.join(".")}: ${broken.error}`);
      const unfit = aggregationFault(run, parts.takesRules?.(run.strategy) ?? "none", parts.title);
      if (unfit !== null) throw new Error(`strategy ${parts.name}: ${unfit.path.join(".")}: ${unfit.error}`);
      return decisions.init(run, shape, initial);
    },
  };
}

function defaultsOf(name: string, settings: z.ZodRawShape): unknown {
  const { data, error } = z.strictObject({ name: z.literal(name), ...settings }).safeParse({ name });
  if (error === undefined) return data;
  const without = [...new Set(error.issues.map(({ path }) => path.join(".")))].join(", ");
  throw new Error(
    `strategy ${name}: settings without a default within their bounds: ${without}; give each one, as in number(0, 1).default(0.5)`,
  );
}
