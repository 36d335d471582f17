import { z } from "zod";
import { expectationOf, oneOf, wordsOf } from "./expectation.ts";
import { nearest, nearestOf, partDistance } from "./nearest.ts";
import { bare, type KnownName, knownNames, namesAt, schemaAt, tagOf, tagValues, valueAt } from "./schemaTree.ts";

/** Where settings stand, for the paths in sentences. */
export interface FaultPlace {
  /** Path of the input itself, such as `settings`; nothing where it is a whole file. */
  readonly path?: readonly string[];
  /** Names that people may have meant and that stand elsewhere, by their whole paths. */
  readonly others?: readonly KnownName[];
}

/** What is wrong with an input, a line for each fault: the path, what was found, what was expected, what to do. Empty where the schema takes it. */
export function settingFaults(schema: z.ZodType, input: unknown, place: FaultPlace = {}): string[] {
  const issues = schema.safeParse(input).error?.issues ?? [];
  const told = new Map<string, string>();
  for (const issue of issues.flatMap((one) => unfolded(one, schema, input))) {
    for (const [path, text] of describe(issue, { schema, input, place })) if (!told.has(path)) told.set(path, `${path}: ${text}`);
  }
  return [...told.values()];
}

/** A value as a sentence shows it. */
export function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : `a list of ${value.length}`;
  if (typeof value === "object" && value !== null) return "names and values";
  const text = typeof value === "string" ? JSON.stringify(value) : String(value);
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}

/**
 * What may be meant by a name that is not known: `; did you mean …?` with whole paths, or the names that there are. Names of its own place come
 * first, those of others where they are nearer.
 */
function meantText(name: string, siblings: readonly KnownName[], others: readonly KnownName[]): string {
  const leaf = ({ path }: KnownName) => path.at(-1) ?? "";
  // short names of a list's entries are parts of many words: there only a slip of the pen is meant
  const isLikely = (known: KnownName) => !known.path.includes("N") || nearest(name, [known], leaf).distance < partDistance;
  const [own, far] = [nearest(name, siblings, leaf), nearest(name, others.filter(isLikely), leaf)];
  const meant = [
    ...(own.distance < partDistance || own.distance <= far.distance ? own.found : []),
    ...(far.distance < own.distance ? far.found : []),
  ];
  const byPath = new Map<string, KnownName[]>();
  for (const known of meant) byPath.set(textOf(known.path), [...(byPath.get(textOf(known.path)) ?? []), known]);
  const texts = [...byPath].slice(0, mostMeant).map(([path, known]) => `${path}${choiceText(known, others)}`);
  if (texts.length > 0) return `; did you mean ${texts.join(" or ")}?`;
  return siblings.length === 0 ? "" : `; expected one of ${siblings.map(leaf).join(", ")}`;
}

const mostMeant = 4;

/** A path with dots between its names, on one line; a name that is more than a word is in quotes. */
const textOf = (path: readonly PropertyKey[]) =>
  path
    .map(String)
    .map((part) => (isWord(part) ? part : shown(part)))
    .join(".");

const isWord = (part: string) => /^[^\s."'\p{C}]{1,80}$/u.test(part);

/** ` (where strategy.name is fedOpt)` behind a name that not every choice has. */
function choiceText(known: readonly KnownName[], all: readonly KnownName[]): string {
  const choices = known.flatMap(({ choice }) => choice ?? []);
  const [first] = choices;
  if (first === undefined || choices.length < known.length) return "";
  const at = textOf(first.path);
  const numChoices = all.filter(({ path, choice }) => choice !== null && textOf(path) === at).length;
  return choices.length === numChoices ? "" : ` (where ${at} is ${choices.map(({ value }) => value).join(" or ")})`;
}

/** An issue with those that it hides: of the entries of a list of a wrong length, and inside an entry that may be a word or names and values. */
function unfolded(issue: z.core.$ZodIssue, schema: unknown, input: unknown): z.core.$ZodIssue[] {
  if (issue.code === "too_big" || issue.code === "too_small") return [issue, ...entryIssues(issue, schema, input)];
  if (issue.code !== "invalid_union" || issue.errors.length === 0) return [issue];
  const found = issue.path.reduce(valueAt, input);
  const union = bare(schemaAt(schema, issue.path, input));
  if (typeof found !== "object" || found === null || Array.isArray(found) || !(union instanceof z.ZodUnion)) return [issue];
  const at = union.options.findIndex((option) => bare(option) instanceof z.ZodObject);
  const inner = issue.errors[at] ?? [];
  return inner.length === 0 ? [issue] : inner.flatMap((one) => unfolded({ ...one, path: [...issue.path, ...one.path] }, schema, input));
}

/** Of the entries of a list whose length is wrong, which the schema then does not look at. */
function entryIssues({ path }: z.core.$ZodIssue, schema: unknown, input: unknown): z.core.$ZodIssue[] {
  const [list, found] = [bare(schemaAt(schema, path, input)), path.reduce(valueAt, input)];
  if (!(list instanceof z.ZodArray) || !Array.isArray(found)) return [];
  const { element } = list;
  if (!(element instanceof z.ZodType)) return [];
  const issues = found.flatMap((entry, at) =>
    (element.safeParse(entry).error?.issues ?? []).map((one) => ({ ...one, path: [...path, at, ...one.path] })),
  );
  return issues.flatMap((one) => unfolded(one, schema, input));
}

interface Context {
  readonly schema: unknown;
  readonly input: unknown;
  readonly place: FaultPlace;
}

/** The whole path of each thing that an issue is about, and what to say of it. */
function describe(issue: z.core.$ZodIssue, context: Context): (readonly [string, string])[] {
  const { schema, input, place } = context;
  const path = [...(place.path ?? []), ...issue.path.map(String)];
  const shownPath = path.length === 0 ? "the file" : textOf(path);
  const found = issue.path.reduce(valueAt, input);
  if (issue.code === "unrecognized_keys") return issue.keys.map((key) => [textOf([...path, key]), unknownText(key, issue.path, context)]);
  if (issue.code === "custom") return [[shownPath, `found ${shown(found)}; ${issue.message}`]];
  if (issue.code === "invalid_key") {
    const record = bare(schemaAt(schema, issue.path.slice(0, -1), input));
    const expected = record instanceof z.ZodRecord ? expectationOf(record.keyType) : "another one";
    return [[shownPath, `found ${shown(issue.path.at(-1))} as a name, expected ${expected}`]];
  }
  const tag = tagText(issue.path, context);
  const expected = tag?.text ?? expectationOf(schemaAt(schema, issue.path, input));
  const words = tag?.words ?? wordsOf(schemaAt(schema, issue.path, input));
  const what = found === undefined ? "not given" : `found ${shown(found)}`;
  return [[shownPath, `${what}, expected ${expected}${remedy(found, words, schemaAt(schema, issue.path, input))}`]];
}

/** What is expected of a tag, which stands in every shape of its union with one value each; null for anything else. */
function tagText(path: readonly PropertyKey[], { schema, input }: Context): { text: string; words: string[] } | null {
  const parent = bare(schemaAt(schema, path.slice(0, -1), input));
  if (path.length === 0 || !(parent instanceof z.ZodUnion) || tagOf(parent) !== path.at(-1)) return null;
  const words = tagValues(parent);
  return { text: oneOf(words), words };
}

/** Words that are not text unless they are quoted. */
const plainWords = new Map<string, unknown>([
  ["true", true],
  ["false", false],
  ["null", null],
]);

/** What to do about a value, where that can be told. */
function remedy(found: unknown, words: readonly string[], schema: unknown): string {
  if (typeof found !== "string") return "";
  const [nearest] = nearestOf(found, words, (word) => word);
  if (nearest !== undefined) return `; did you mean ${nearest}?`;
  const union = bare(schema);
  const tag = union instanceof z.ZodUnion ? tagOf(union) : null;
  if (union instanceof z.ZodUnion && tag !== null) {
    const [name] = nearestOf(found, tagValues(union), (word) => word);
    return name === undefined ? "" : `; write { ${tag}: ${name} }`;
  }
  const bareWord = plainWords.has(found) ? plainWords.get(found) : found.trim() === "" ? found : Number(found);
  const isMeant = union instanceof z.ZodType && bareWord !== found && union.safeParse(bareWord).success;
  return isMeant ? `; write ${found} without quotes` : "";
}

function unknownText(key: string, parent: readonly PropertyKey[], { schema, input, place }: Context): string {
  const prefix = place.path ?? [];
  const under = (known: KnownName): KnownName => ({
    path: [...prefix, ...known.path],
    choice: known.choice === null ? null : { ...known.choice, path: [...prefix, ...known.choice.path] },
  });
  const path = [...prefix, ...parent.map(String)];
  const names = namesAt(schema, parent, input);
  const [first = "", ...inside] = key.split(".");
  if (inside.length > 0 && names.includes(first)) {
    const value = JSON.stringify(valueAt(parent.reduce(valueAt, input), key));
    return `there is no setting of this name; write ${first}: ${inside.reduceRight((inner, name) => `{ ${name}: ${inner} }`, value)}`;
  }
  const elsewhere = knownNames(schema).map(under);
  const same = elsewhere.filter((known) => known.choice !== null && textOf(known.path) === textOf([...path, key]));
  if (same.length > 0) return elsewhereChosen(same, { schema, input, place });
  const siblings = names.map((name): KnownName => ({ path: [...path, name], choice: null }));
  const others = elsewhere.filter((known) => !isAt(known.path.slice(0, -1), path) || !names.includes(known.path.at(-1) ?? ""));
  return `there is no setting of this name${meantText(key, siblings, [...others, ...(place.others ?? [])])}`;
}

/** Whether a path of `knownNames` leads to a place of an input. */
function isAt(known: readonly string[], path: readonly string[]): boolean {
  return known.length === path.length && known.every((part, at) => part === path[at] || part === "N" || part === "NAME");
}

/** Of a name that stands where it belongs, under another choice. */
function elsewhereChosen(same: readonly KnownName[], { input, place }: Context): string {
  const choices = same.flatMap(({ choice }) => choice ?? []);
  const at = choices[0]?.path ?? [];
  const found = at.slice(place.path?.length ?? 0).reduce<unknown>(valueAt, input);
  return `this setting exists only where ${textOf(at)} is ${choices.map(({ value }) => value).join(" or ")}; ${textOf(at)} is ${shown(found)}: leave the setting out, or change ${textOf(at)}`;
}
