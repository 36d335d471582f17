export { folderStore } from "./folderStore.ts";
export { deleteMyData, joinRun, type NodeDeleteOptions, type NodeJoinOptions } from "./nodeJoin.ts";
