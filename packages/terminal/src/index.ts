export { alignColumns } from "./alignColumns.ts";
export { createDisplay, type Display, type Terminal } from "./display.ts";
export { nameMachine } from "./machine.ts";
export { estimateSecondsLeft, type RunProgress, stageFraction } from "./progress.ts";
export { writeWhole } from "./writeWhole.ts";
