export { exitCodes } from "./exitCodes.ts";
export { createProgram } from "./program.ts";
