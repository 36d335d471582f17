export type { KeptClient, KeptDevice } from "./keptClient.ts";
export { newClient, provenHello } from "./keptClient.ts";
export type { ChildConfig, ChildMessage, KillableCoordinator } from "./killHarness.ts";
export { freePort, startKillable } from "./killHarness.ts";
export type { ProtocolClient, ProtocolClientOptions } from "./protocolClient.ts";
export { joinAsClient } from "./protocolClient.ts";
export { tinyFedAvg, tinyRun, tinyTuned } from "./tinyRun.ts";
