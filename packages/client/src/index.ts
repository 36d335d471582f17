export { coordinatorFolder } from "./address.ts";
export type { Fetch } from "./blobs.ts";
export type { DeviceRecord, DeviceStore, Durability, PendingTask } from "./deviceStore.ts";
export type { ConnectionState, CurrentTask, SessionEnd, SessionEvent, TrafficCount } from "./events.ts";
export type { Hosting, JoinOptions, MachineClaim } from "./joinOptions.ts";
export { memoryStore } from "./memoryStore.ts";
export type { ClientSession } from "./session.ts";
export { joinRun } from "./session.ts";
export { tokenIn } from "./token.ts";
