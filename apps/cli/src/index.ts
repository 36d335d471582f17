export { exitCodes } from "./exitCodes.ts";
export { pagesFolder, publicFolder } from "./places.ts";
export { createProgram } from "./program.ts";
