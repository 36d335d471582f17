import {
  aggregationRules,
  type BackboneSizes,
  findMethod,
  type Method,
  methodNames,
  methods,
  needsSingleContributions,
  type Publication,
  presets,
  serverRates,
  sizeOf,
  sourcePromptsOf,
  strategies,
  type TakenRules,
  tunedEntries,
  tunings,
} from "@tutti/core";
import { expectationOf } from "@tutti/protocol";

/** Parts of docs/methods.md between a line `<!-- name: … -->` and `<!-- end -->`, by name, as the tables of core declare them. */
export function methodsPageParts(minuet: BackboneSizes): Readonly<Record<string, string>> {
  return {
    "table of methods": methodTable(minuet),
    definitions: methodNames.map((name) => section(name, methods[name])).join("\n\n"),
    "tuning methods": tuningTables(),
    strategies: strategyTables(),
    "server rates": rateTables(),
    "aggregation rules": ruleTables(),
  };
}

/** The page with its generated parts written again; throws where a part has no place on it. */
export function withParts(page: string, parts: Readonly<Record<string, string>>): string {
  return Object.entries(parts).reduce((text, [name, part]) => {
    const start = text.indexOf(`<!-- ${name}: `);
    const end = text.indexOf("\n<!-- end -->", start);
    if (start === -1 || end === -1) throw new Error(`docs/methods.md: no place for ${name}, between <!-- ${name}: … --> and <!-- end -->`);
    return `${text.slice(0, text.indexOf("\n", start))}\n\n${part}\n${text.slice(end)}`;
  }, page);
}

function methodTable(minuet: BackboneSizes): string {
  const lines = methodNames.map((name) => {
    const { title, trained, travels, settings } = methods[name];
    const entries = tunedEntries(minuet, settings(presets.default).tuning, 4);
    const numValues = entries.reduce((sum, { shape }) => sum + sizeOf(shape), 0).toLocaleString("en-US");
    return [title, `\`${name}\``, trained, numValues, travels];
  });
  return tableOf(["method", "name", "what is trained", "values", "what travels"], lines);
}

function section(name: string, { title, publication, deviations, rates, settings }: Method): string {
  const changed = differences(presets.default, settings(presets.default));
  const yaml = changed.length === 0 ? ["preset: default"] : ["run:", ...changed.map((line) => `  ${line}`)];
  const tried =
    rates === undefined
      ? []
      : [
          "of" in rates
            ? `Device rate in the lab: as ${findMethod(rates.of)?.title} has it.`
            : `Device rates in the lab: ${rates.join(", ")}.`,
        ];
  return [
    `### ${title} (\`${name}\`)`,
    publication === null ? "A control of this project." : `${cited(publication)}.`,
    ["```yaml", ...yaml, "```"].join("\n"),
    ...tried,
    deviations.map((deviation) => `- ${deviation}`).join("\n"),
  ].join("\n\n");
}

function tuningTables(): string {
  const lines = Object.values(tunings).map(({ method, title, about, publication, hasLayers, defaults }) => [
    `\`${method}\``,
    title,
    about,
    hasLayers ? "yes" : "no",
    sourcePromptsOf(defaults) === null ? "no" : "yes",
    `[${publication.venue} ${publication.year}](${publication.link})`,
  ]);
  const all = Object.values(tunings).flatMap((tuning) => {
    const { method, settings, defaults, leftOut }: typeof tuning & { readonly leftOut?: object } = tuning;
    return settingLines(method, settings, { ...leftOut, ...defaults });
  });
  const table = tableOf(["`tuning.method`", "", "what is trained", "has layers", "source prompts", "published"], lines);
  return `${table}\n\n${tableOf(["method", "setting", "default", "what it may be"], all)}`;
}

function strategyTables(): string {
  const lines = Object.values(strategies).map(({ name, title, about, publication, defaults, takesRules }) => [
    `\`${name}\``,
    title,
    about,
    needsSingleContributions({ strategy: defaults }) ? "yes" : "no",
    takenRules[takesRules?.(defaults as never) ?? "none"],
    publication === null ? "" : `[${publication.venue} ${publication.year}](${publication.link})`,
  ]);
  const all = Object.values(strategies).flatMap(({ name, settings, defaults }) => settingLines(name, settings, defaults));
  const table = tableOf(
    ["`strategy.name`", "", "what devices and server do", "needs each contribution", "rules of aggregation", "published"],
    lines,
  );
  return `${table}\n\n${tableOf(["strategy", "setting", "default", "what it may be"], all)}`;
}

function rateTables(): string {
  const lines = Object.values(serverRates).map(({ name, about }) => [`\`${name}\``, about]);
  const all = Object.values(serverRates).flatMap(({ name, settings, defaults }) => settingLines(name, settings, defaults));
  const table = tableOf(["`serverRateSchedule.name`", "the server's rate"], lines);
  return all.length === 0 ? table : `${table}\n\n${tableOf(["schedule", "setting", "default", "what it may be"], all)}`;
}

function ruleTables(): string {
  const rules = Object.values(aggregationRules);
  const lines = rules.map((rule) => {
    const { name, title, about, countsAlike, publication } = rule;
    const published = publication === null ? "" : `[${publication.venue} ${publication.year}](${publication.link})`;
    return [`\`${name}\``, title, about, conditionOf(rule), countsAlike ? "alike" : "by examples", published];
  });
  const all = rules.flatMap(({ name, settings, defaults }) => settingLines(name, settings, defaults));
  const deviations = rules.flatMap(({ name, deviations: own }) => own.map((deviation) => [`\`${name}\``, deviation]));
  const table = tableOf(["`aggregation.name`", "", "what the server does", "updates", "devices count", "published"], lines);
  return [
    table,
    tableOf(["rule", "setting", "default", "what it may be"], all),
    tableOf(["rule", "where it is not as published"], deviations),
  ].join("\n\n");
}

/** How many updates n a rule needs, by its setting f. */
function conditionOf(rule: (typeof aggregationRules)[keyof typeof aggregationRules]): string {
  const { needs, defaults }: { needs(settings: never): { readonly condition: string }; readonly defaults: object } = rule;
  return needs(defaults as never).condition;
}

/** Which rules a strategy takes. */
const takenRules: Readonly<Record<TakenRules, string>> = {
  all: "all",
  wholeUpdates: "clipping, Krum",
  clipping: "clipping",
  none: "none",
};

/** A line for each setting of a declaration. */
function settingLines(name: string, settings: Readonly<Record<string, unknown>>, defaults: object): string[][] {
  return Object.entries(settings).map(([setting, schema]) => {
    const value: unknown = Reflect.get(defaults, setting);
    return [`\`${name}\``, `\`${setting}\``, value === undefined ? "left out" : `\`${flow(value)}\``, expectationOf(schema)];
  });
}

function cited({ authors, title, link, venue, year }: Publication): string {
  return `${authors}: [${title}](${link}), ${venue} ${year}`;
}

function tableOf(head: readonly string[], lines: readonly (readonly string[])[]): string {
  const row = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [row(head), `|${head.map(() => "---|").join("")}`, ...lines.map(row)].join("\n");
}

/** What has to be laid over a run's settings to make others of them, as lines of YAML. */
function differences(from: object, to: object): string[] {
  return Object.entries(to).flatMap(([name, value]) => {
    const change = changeOf(Reflect.get(from, name), value);
    return change === undefined ? [] : [`${name}: ${flow(change)}`];
  });
}

/** The whole value where another choice is made, and of the same choice only what differs; undefined where nothing does. */
function changeOf(from: unknown, to: unknown): unknown {
  if (flow(from) === flow(to)) return undefined;
  if (typeof from !== "object" || typeof to !== "object" || from === null || to === null) return to;
  if (["kind", "name", "method"].some((tag) => Reflect.get(from, tag) !== Reflect.get(to, tag))) return to;
  return Object.fromEntries(Object.entries(to).filter(([name, value]) => flow(Reflect.get(from, name)) !== flow(value)));
}

/** A value as YAML writes it on one line. */
function flow(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flow).join(", ")}]`;
  if (typeof value !== "object" || value === null) return String(value);
  const entries = Object.entries(value).map(([name, inner]) => `${name}: ${flow(inner)}`);
  return entries.length === 0 ? "{}" : `{ ${entries.join(", ")} }`;
}
