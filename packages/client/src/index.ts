export { coordinatorFolder } from "./address.ts";
export type { Fetch } from "./blobs.ts";
export { type DeleteOptions, deleteMyData } from "./deleteMyData.ts";
export type { DeviceRecord, DeviceStore, Durability, PendingTask } from "./deviceStore.ts";
export type { CurrentTask, SessionEnd, SessionEvent, TrafficCount } from "./events.ts";
export type { Hosting, JoinOptions, MachineClaim } from "./joinOptions.ts";
export { memoryStore } from "./memoryStore.ts";
export type { ClientSession } from "./session.ts";
export { joinRun } from "./session.ts";
