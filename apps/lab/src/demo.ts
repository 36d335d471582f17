export { type DemoOptions, type PreparedDemo, prepareDemo } from "./run/prepareDemo.ts";
export { type DemoEnd, runDemo } from "./run/runDemo.ts";
export { systemOfRun } from "./systems/fedPtConfig.ts";
export { type SystemName, systems } from "./systems/table.ts";
