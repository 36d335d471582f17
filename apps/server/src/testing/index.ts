export type { ChildConfig, ChildMessage, KillableCoordinator } from "./killHarness.ts";
export { freePort, startKillable } from "./killHarness.ts";
export type { KeptClient, KeptDevice, ProtocolClient, ProtocolClientOptions } from "./protocolClient.ts";
export { joinAsClient, newClient } from "./protocolClient.ts";
export { tinyFedAvg, tinyRun, tinyTuned } from "./tinyRun.ts";
