export type { Dataset, Example } from "./example.ts";
export type { TaskClass, TaskDefinition, TaskMetric } from "./task.ts";
