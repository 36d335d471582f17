export { takeFrames } from "./drive/websocketFrames.ts";
export type { DemoOptions } from "./run/demoConfig.ts";
export { type DemoEnd, runDemo } from "./run/runDemo.ts";
