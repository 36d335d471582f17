import { isModule, methods, strategySchema, strategyTitle } from "@tutti/core";
import type { Experiment } from "./experimentSchema.ts";

type MethodEntry = Exclude<Experiment["methods"][number], string>;
type TaskEntry = Exclude<Experiment["tasks"][number], string>;

/** A method of a file, which may give its name only. */
export const wholeMethod = (given: Experiment["methods"][number]): MethodEntry =>
  typeof given === "string" ? { name: given, set: {} } : given;

/** A task of a file, which may give its name only. */
export const wholeTask = (given: Experiment["tasks"][number]): TaskEntry => (typeof given === "string" ? { name: given, set: {} } : given);

/** What tables call a method; a strategy from a module is told by its file and SHA-256 too. */
export function titleOf({ name, title, set }: MethodEntry): string {
  if (name !== "settings") return title ?? methods[name].title;
  const { data } = strategySchema.safeParse(set.strategy);
  if (data === undefined || !isModule(data)) return title ?? "These settings";
  return strategyTitle(title === undefined ? data : { ...data, title });
}
