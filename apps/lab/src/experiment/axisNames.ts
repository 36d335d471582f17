import { wholeMethod, wholeTask } from "./entries.ts";
import type { Experiment } from "./experimentSchema.ts";

/** Tasks and methods that an axis, a value of one or a method is for and that the file does not have: it would be for nobody. A line for each. */
export function strangers({ grid, tasks, methods }: Experiment): string[] {
  const known = { tasks: namesOf(tasks.map(wholeTask)), methods: namesOf(methods.map(wholeMethod)) };
  const inMethods = methods.flatMap((method, at) => {
    const { tasks: only } = wholeMethod(method);
    return only === undefined ? [] : strangersIn(`methods.${at}`, { tasks: only }, known);
  });
  const inAxes = Object.entries(grid).flatMap(([name, axis]) => [
    ...strangersIn(`grid.${name}`, axis, known),
    ...axis.values.flatMap((value, at) => (typeof value === "object" ? strangersIn(`grid.${name}.values.${at}`, value, known) : [])),
  ]);
  return [...inMethods, ...inAxes];
}

interface Names {
  readonly tasks?: readonly string[];
  readonly methods?: readonly string[];
}

const namesOf = (entries: readonly { readonly name: string }[]) => [...new Set(entries.map(({ name }) => name))];

function strangersIn(place: string, only: Names, known: Required<Names>): string[] {
  return (["tasks", "methods"] as const).flatMap((kind) =>
    (only[kind] ?? []).flatMap((name, at) =>
      known[kind].includes(name)
        ? []
        : [`${place}.${kind}.${at}: found ${name}, expected one of the file's ${kind}: ${known[kind].join(", ")}`],
    ),
  );
}
