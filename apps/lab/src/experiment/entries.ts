import { methods } from "@tutti/core";
import type { Experiment } from "./experimentSchema.ts";

type MethodEntry = Exclude<Experiment["methods"][number], string>;
type TaskEntry = Exclude<Experiment["tasks"][number], string>;

/** A method of a file, which may give its name only. */
export const wholeMethod = (given: Experiment["methods"][number]): MethodEntry =>
  typeof given === "string" ? { name: given, set: {} } : given;

/** A task of a file, which may give its name only. */
export const wholeTask = (given: Experiment["tasks"][number]): TaskEntry => (typeof given === "string" ? { name: given, set: {} } : given);

/** What tables call a method. */
export const titleOf = ({ name, title }: MethodEntry): string => title ?? (name === "settings" ? "These settings" : methods[name].title);
