export { folderStore } from "./folderStore.ts";
export { joinRun, type NodeJoinOptions } from "./nodeJoin.ts";
