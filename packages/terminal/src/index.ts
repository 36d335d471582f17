export { alignColumns } from "./alignColumns.ts";
export { createDisplay, type Display, type Terminal } from "./display.ts";
export { FolderLockError, lockFolder } from "./folderLock.ts";
export { nameMachine } from "./machine.ts";
export { isAlive } from "./processes.ts";
export type { RunProgress } from "./progress.ts";
export { createScreen, type Screen } from "./screen.ts";
export { shellWord } from "./shellWord.ts";
export { writeWhole } from "./writeWhole.ts";
