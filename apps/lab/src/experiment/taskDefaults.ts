import type { TaskDefinition } from "@tutti/data";

/** The built-in backbone that answers with text. */
const textBackbone = "etude";

/**
 * What a run of the task has where nobody asks for something else, laid over a preset. Answers that are texts need a backbone that continues a text
 * and have no classes for a linear head; rows without a topic are dealt out by owner, or alike where they have none.
 */
export function taskDefaults(task: TaskDefinition): Readonly<Record<string, unknown>> {
  if (task.kind === "classification") return {};
  const common = { backbone: textBackbone, tuning: { head: "labelWords" } };
  if (task.groups.length > 0) return common;
  return { ...common, partition: { kind: task.fields.owner === null ? "iid" : "byField" } };
}
