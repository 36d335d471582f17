export { temporaryFolder } from "./temporaryFolder.ts";
