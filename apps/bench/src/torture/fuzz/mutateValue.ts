import type { RandomStream } from "@tutti/core";

/** A part of a value, as names and numbers that lead to it. */
type Path = readonly (string | number)[];

const pick = <T>(random: RandomStream, items: readonly T[]): T => items[random.integer(items.length)] as T;

/** Lists in lists, deeper than functions may call themselves. */
function deep(depth: number): unknown {
  let value: unknown = [];
  for (let i = 0; i < depth; i++) value = i % 2 === 0 ? [value] : { a: value };
  return value;
}

/** What stands nowhere in a good message. */
const oddities: readonly ((random: RandomStream) => unknown)[] = [
  () => null,
  () => undefined,
  () => true,
  () => Number.NaN,
  () => Number.POSITIVE_INFINITY,
  () => -1,
  () => 0.5,
  () => 1e300,
  () => 2 ** 53,
  () => -0,
  () => "",
  () => "\u0000\u001b[2J",
  () => "\ud800",
  () => "__proto__",
  () => "constructor",
  () => [],
  () => ({}),
  () => JSON.parse('{"__proto__":{"ok":true}}') as unknown,
  () => ({ toString: 5, valueOf: null, hasOwnProperty: 1 }),
  () => ({ _placeholder: true, num: 0 }),
  () => JSON.parse(`{"toJSON":"x","then":"y","length":-1}`) as unknown,
  (random) => Uint8Array.from({ length: random.integer(9) }, () => random.integer(256)),
  (random) => new ArrayBuffer(random.integer(9)),
  (random) => random.integer(2 ** 32),
  (random) => "a".repeat(random.integer(5000)),
  (random) => Array.from({ length: random.integer(300) }, () => 0),
  (random) => (random.integer(20) === 0 ? deep(20_000) : deep(40)),
];

function isNode(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !ArrayBuffer.isView(value) && !(value instanceof ArrayBuffer);
}

/** The way to a part of a value, deeper with even odds at each level. */
function somePath(value: unknown, random: RandomStream): Path {
  const path: (string | number)[] = [];
  for (let at = value; isNode(at); ) {
    const names = Object.keys(at);
    if (names.length === 0 || random.integer(3) === 0) break;
    const name = pick(random, names);
    path.push(name);
    at = at[name];
  }
  return path;
}

function replaced(value: unknown, [name, ...rest]: Path, by: (old: unknown) => unknown): unknown {
  if (name === undefined) return by(value);
  if (!isNode(value)) return value;
  if (Array.isArray(value)) return value.map((item, at) => (String(at) === String(name) ? replaced(item, rest, by) : item));
  return { ...value, [name]: replaced(value[String(name)], rest, by) };
}

function oneChange(value: unknown, others: readonly unknown[], random: RandomStream): unknown {
  const change = random.integer(6);
  return replaced(value, somePath(value, random), (old) => {
    if (change === 0 && isNode(old) && Object.keys(old).length > 0) {
      const gone = pick(random, Object.keys(old));
      return Array.isArray(old) ? old.slice(1) : Object.fromEntries(Object.entries(old).filter(([name]) => name !== gone));
    }
    if (change === 1 && isNode(old)) {
      const odd = pick(random, oddities)(random);
      return Array.isArray(old) ? [...old, ...old, odd] : { ...old, [pick(random, ["unknown", "constructor", "toString", "0"])]: odd };
    }
    if (change === 2 && typeof old === "number") return pick(random, [old + 1, -old, old * 1e6, old + 0.5, String(old)]);
    if (change === 3 && typeof old === "string") return pick(random, [`${old}x`, old.slice(1), old.toUpperCase(), `${old}\n`, `../${old}`]);
    if (change === 4 && others.length > 0) return pick(random, others);
    return pick(random, oddities)(random);
  });
}

/** A value with one to four parts changed, left out, doubled or put in from elsewhere. */
export function mutateValue(value: unknown, others: readonly unknown[], random: RandomStream): unknown {
  let found = value;
  for (let i = 1 + random.integer(random.integer(3) === 0 ? 4 : 1); i > 0; i--) found = oneChange(found, others, random);
  return found;
}
