export { folderStore } from "./folderStore.ts";
