import { titleOf, wholeMethod, wholeTask } from "./entries.ts";
import type { Experiment } from "./experimentSchema.ts";

const ratePath = "training.clientLearningRate";

/** What a file says twice, and would run once, and what one part of it says and another undoes; a line for each. */
export function contradictions(experiment: Experiment): string[] {
  return [...repeats(experiment), ...(experiment.rates === undefined ? [] : undoneRates(experiment))];
}

function repeats({ seeds, rates, methods, tasks, grid }: Experiment): string[] {
  const given = methods.map(wholeMethod);
  const once = "remove it: each counts once";
  return [
    ...repeatsIn("seeds", seeds.map(String), once),
    ...repeatsIn("rates.values", (rates?.values ?? []).map(String), once),
    ...given.flatMap((method, at) => repeatsIn(`methods.${at}.rates`, (method.rates ?? []).map(String), once)),
    ...repeatsIn(
      "tasks",
      tasks.map((task) => wholeTask(task).name),
      "remove it, or put what differs into an axis of grid",
    ),
    ...repeatedMethods(given),
    ...Object.entries(grid).flatMap(([name, { values }]) => {
      const labels = values.map((value) => String(typeof value === "object" ? value.label : value));
      return repeatsIn(`grid.${name}.values`, labels, "give it another label, or remove it");
    }),
  ];
}

/** Methods with one name and title that share a task: nothing tells their lines apart. */
function repeatedMethods(given: readonly ReturnType<typeof wholeMethod>[]): string[] {
  return given.flatMap((method, at) => {
    const { name, tasks } = method;
    const first = given.findIndex(
      (other) =>
        other.name === name &&
        titleOf(other) === titleOf(method) &&
        (tasks === undefined || other.tasks === undefined || other.tasks.some((task) => tasks.includes(task))),
    );
    if (first === at) return [];
    return [
      `methods.${at}: found ${name} titled "${titleOf(method)}", the same as methods.${first}; give it another title or other tasks, or remove it`,
    ];
  });
}

function repeatsIn(place: string, shown: readonly string[], remedy: string): string[] {
  return shown.flatMap((text, at) => {
    const first = shown.indexOf(text);
    return first === at ? [] : [`${place}.${at}: found ${text}, the same as ${place}.${first}; ${remedy}`];
  });
}

/** A device rate beside rates to choose from: a run's label would say one and its settings another. */
function undoneRates({ settings, methods, tasks, grid }: Experiment): string[] {
  const places = [
    ...(givesRate(settings) ? ["settings"] : []),
    ...methods.flatMap((method, at) => (givesRate(wholeMethod(method).set) ? [`methods.${at}.set`] : [])),
    ...tasks.flatMap((task, at) => (givesRate(wholeTask(task).set) ? [`tasks.${at}.set`] : [])),
    ...Object.entries(grid).flatMap(([name, { path, values }]) => [
      ...(path === ratePath ? [`grid.${name}.path`] : []),
      ...values.flatMap((value, at) => (typeof value === "object" && givesRate(value.set) ? [`grid.${name}.values.${at}.set`] : [])),
    ]),
  ];
  return places.map((place) => `${place}: found ${ratePath}, but rates chooses it; remove one of the two`);
}

/** Whether changes by dotted path give the device rate, by itself or among a whole `training`. */
function givesRate(changes: Readonly<Record<string, unknown>>): boolean {
  const { training } = changes;
  return (
    Object.hasOwn(changes, ratePath) || (typeof training === "object" && training !== null && Object.hasOwn(training, "clientLearningRate"))
  );
}
