/** What a function of sentences reads of the values that it gets: their paths, such as `0.numRounds`, and the sentence. */
export interface Said {
  readonly paths: readonly string[];
  readonly text: string;
}

/** Calls a function with values that note which of them are said; each is the number `value` wherever a text or a number is made of it. */
export function probe(sentence: (...given: never[]) => unknown, value: number): Said {
  const said = new Set<string>();
  const given = Array.from({ length: Math.max(1, sentence.length) }, (_, at) => noting(String(at), value, said));
  const text = textOf(sentence(...(given as never[])));
  return { paths: [...said].sort(), text };
}

/** A value that stands for anything: its members are such values, and so is what it gives when it is called; as a list it has one item. */
function noting(path: string, value: number, said: Set<string>): unknown {
  const note = () => {
    said.add(path);
    return value;
  };
  return new Proxy(() => undefined, {
    get(_, name) {
      if (name === Symbol.toPrimitive) return note;
      if (name === Symbol.iterator) return () => [noting(`${path}[]`, value, said)][Symbol.iterator]();
      if (name === "length") return 2;
      if (name === "toJSON" || typeof name === "symbol") return undefined;
      // what a list or a text gives is said where it is
      const isPart = ["join", "filter", "map", "at", "slice", "toFixed", "toPrecision", "toLocaleString", "toString"].includes(name);
      if (isPart) return noting(path, value, said);
      said.add(`${path}.${name}`);
      return noting(`${path}.${name}`, value, said);
    },
    apply: (_, __, args) => {
      for (const given of args) if (typeof given === "function") given(noting(`${path}[]`, value, said), 0);
      return noting(path, value, said);
    },
  });
}

function textOf(found: unknown): string {
  return Array.isArray(found) ? found.map(textOf).join("\n") : String(found);
}
