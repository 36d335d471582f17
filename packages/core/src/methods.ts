import { type DeclaredMethod, type Role, roles } from "./comparison.ts";
import { presets } from "./presets.ts";
import type { Publication } from "./publication.ts";
import type { RunSettings } from "./run.ts";
import type { RunConditions } from "./settings/runConditions.ts";
import type { ServerRateMethod } from "./strategies/serverRates/declaration.ts";
import { type ServerRateSchedule, serverRates } from "./strategies/serverRates/table.ts";
import { type DeclaredSettings, declaredSchema, strategies } from "./strategies/table.ts";
import type { TuningCommon } from "./tunings/declaration.ts";
import { promptTokensOf, type TuningMethodName, tuningSchema, tunings } from "./tunings/table.ts";

/** A method of the comparison: what it is called, where it comes from, and the settings that make a run of it. */
export interface Method extends Pick<DeclaredMethod, "trained" | "travels" | "rates"> {
  readonly title: string;
  /** Null for a control that needs none. */
  readonly publication: Publication | null;
  /** Where this project does something else than the publication, a sentence each. */
  readonly deviations: readonly string[];
  readonly role: Role;
  /** Whether it sends all layers in every round and changes nothing else, so that traffic is told beside its. */
  readonly isTrafficReference: boolean;
  /** The base's task, roster, partition and budget with this method; rates stay the base's unless the publication names its own. */
  settings(base: RunSettings): RunSettings;
}

type NamesOf<Table> = {
  [Key in keyof Table]: Table[Key] extends { readonly methods: infer Methods } ? keyof Methods & string : never;
}[keyof Table];

/** A method of the comparison by its name. */
export type MethodName = NamesOf<typeof strategies> | NamesOf<typeof tunings> | NamesOf<typeof serverRates>;

interface Listed {
  readonly name: string;
  readonly baseline: number;
  readonly method: Method;
}

interface AnyTuningMethod extends DeclaredMethod {
  tuning?(base: { readonly promptTokens: number }): object;
}

interface AnyStrategyMethod extends DeclaredMethod {
  readonly tunes?: TuningMethodName;
  strategy?(own: DeclaredSettings, base: RunConditions): object;
}

/** A declaration as those see it who do not know which one it is. */
interface Declared<Part> {
  readonly title: string;
  readonly publication: Publication | null;
  readonly methods: Readonly<Record<string, Part>>;
}

/** Those of tuning methods, each with FedAvg. */
const tuned = Object.values(tunings).flatMap((declaration: Declared<AnyTuningMethod> & { readonly defaults: object }) =>
  listedOf(declaration, (part) => (base) => ({
    ...base,
    tuning: tuningSchema.parse({ ...declaration.defaults, ...part.tuning?.({ promptTokens: tokensOf(base) }), ...commonOf(base) }),
    strategy: strategies.fedAvg.defaults,
  })),
);

/** Those of strategies, each with prompts in every layer or what else it is made for. */
const federated = Object.values(strategies).flatMap(
  (declaration: Declared<AnyStrategyMethod> & { readonly defaults: DeclaredSettings }) => {
    const { defaults } = declaration;
    const ownOf = ({ strategy }: RunSettings) => (strategy.name === defaults.name ? strategy : defaults);
    return listedOf(declaration, (part) => (base) => ({
      ...base,
      tuning: tuningSchema.parse({
        ...(part.tunes === undefined ? { ...tunings.prefix.defaults, promptTokens: tokensOf(base) } : tunings[part.tunes].defaults),
        ...commonOf(base),
      }),
      strategy: declaredSchema.parse({ ...defaults, ...part.strategy?.(ownOf(base), base) }),
    }));
  },
);

/** Those of schedules of a server's rate, each as another method is otherwise. */
const scheduled = Object.values(serverRates).flatMap(
  (declaration: Declared<ServerRateMethod> & { readonly defaults: ServerRateSchedule }) =>
    listedOf(declaration, ({ of }) => (base) => {
      const other = [...tuned, ...federated].find(({ name }) => name === of);
      if (other === undefined) throw new Error(`serverRates: ${declaration.title} is of the method ${of}, which is not declared`);
      const run = other.method.settings(base);
      return { ...run, strategy: declaredSchema.parse({ ...run.strategy, serverRateSchedule: declaration.defaults }) };
    }),
);

const listed = [...tuned, ...federated, ...scheduled].sort(
  (a, b) => roles.indexOf(a.method.role) - roles.indexOf(b.method.role) || a.baseline - b.baseline,
);

/** The methods of the comparison (fedpeptao.md §7) and its controls, by name, as the tables of strategies and of tuning methods declare them. */
export const methods = Object.fromEntries(listed.map(({ name, method }) => [name, method])) as Readonly<Record<MethodName, Method>>;

/** The method of that name; null for another name, such as that of an experiment's own settings. */
export function findMethod(name: string): Method | null {
  return Object.hasOwn(methods, name) ? methods[name as MethodName] : null;
}

/** Every name of the comparison, in the order of `methods`. */
export const methodNames = Object.keys(methods) as readonly MethodName[];

function listedOf<Part extends DeclaredMethod>(
  { title, publication, methods: declared }: Declared<Part>,
  made: (part: Part) => (base: RunSettings) => RunSettings,
): Listed[] {
  return Object.entries(declared).map(([name, part]) => {
    const { deviations, role, trained, travels, rates } = part;
    const method: Method = {
      title: part.title ?? title,
      publication: part.publication === undefined ? publication : part.publication,
      deviations,
      role,
      trained,
      travels,
      isTrafficReference: part.isTrafficReference === true,
      rates,
      settings(base) {
        const run = made(part)(base);
        return { ...run, training: { ...run.training, ...part.training?.(run.training) }, ...part.conditions };
      },
    };
    return { name, baseline: part.baseline ?? 0, method };
  });
}

/** Prompt tokens of the base, or of the default preset where the base has none. */
function tokensOf({ tuning }: RunSettings): number {
  return promptTokensOf(tuning) ?? presets.default.tuning.promptTokens;
}

/** What every method takes over from the base; dropout is of prompts' values, so that methods without prompts have none. */
function commonOf({ tuning }: RunSettings): TuningCommon {
  const { promptDropout, positionsAfterPrefix, head, lossOver } = tuning;
  return { promptDropout, positionsAfterPrefix, head, lossOver };
}
