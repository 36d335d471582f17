export { fromBase64Url, toBase64Url } from "./base64Url.ts";
export type { AfterAnswer, CallOptions, CallSocket, Handlers, Outcome, Refused, SendingSocket, ServeOptions } from "./calls.ts";
export { call, send, serve } from "./calls.ts";
export { type ClientIdentity, clientIdentity, type ProofPurpose, proofBytes, publicKeyOf } from "./clientIdentity.ts";
export type { CodecLimits, TensorEntry } from "./codec.ts";
export { CodecError, decodeParams, encodedParamsSize, encodeParams, readTensorEntries } from "./codec.ts";
export { decodeDeviceState, encodeDeviceState } from "./deviceStates.ts";
export { createEventReader, type EventReader, type StreamedEvent, writeEvent } from "./eventStream.ts";
export { expectationOf } from "./faults/expectation.ts";
export { nearestOf } from "./faults/nearest.ts";
export { type KnownName, knownNames, namesAt, valueAt } from "./faults/schemaTree.ts";
export { type FaultPlace, settingFaults, shown } from "./faults/settingFaults.ts";
export type { Backend, BlobRef } from "./fields.ts";
export { backendSchema, blobRefSchema, bytes, clientKeySchema, clientSecretSchema, runIdSchema, taskIdSchema } from "./fields.ts";
export type { TaskIdentity } from "./identities.ts";
export { parametersSha256, taskId } from "./identities.ts";
export { type Invitation, invitationBytes, invitationKey, readInvitation, writeInvitation } from "./invitations.ts";
export { limits, protocolVersion } from "./limits.ts";
export type { DeviceTile, Live, LiveChange, LiveOrder, LiveRound, LiveStatus, LiveStep, Movement, TileState } from "./live.ts";
export { applyChange, liveChangeSchema, liveGoodbyeSchema, liveLimits, liveSchema, movementSchema, tileStates } from "./live.ts";
export type {
  Answer,
  Assign,
  CallName,
  Decision,
  DeviceDecision,
  DeviceVersion,
  Goodbye,
  Hello,
  Received,
  Register,
  Request,
  RunInfo,
  Welcome,
  Withdrawn,
} from "./messages.ts";
export { calls, runInfoSchema } from "./messages.ts";
export type { ListedClient, Order, OrderEvent, OrderInput, OrderRefusal, Orders, StepPlace } from "./orders.ts";
export { inForceSchema, listedClientsSchema, orderEventSchema, orderRefusalSchema, orderSchema, ordersSchema } from "./orders.ts";
export type { Receipt, ReceiptEntry } from "./receipts.ts";
export { checkReceipt, receiptBytes, receiptKeyOf, receiptKeySchema, receiptSchema, signReceipt } from "./receipts.ts";
export { type RefusalKind, refusalKindSchema } from "./refusals.ts";
export type { Refusal, Rule } from "./rules.ts";
export { isRefusal, refuse, rules } from "./rules.ts";
export { runSettingsSchema } from "./runSettings.ts";
export { checkDeviceState, type StateExpectation } from "./stateChecks.ts";
export type { EvaluationPoint, HistoryPoint, PlanPoint, ProbePoint, RunProgress, Status, Traffic } from "./status.ts";
export { landingStatusSchema, statusSchema } from "./status.ts";
export type { ContributionHeader, Decline, Submit, SubmitOutcome, TaskLease, TaskProgress } from "./tasks.ts";
export { headerOf, taskLeaseSchema, taskSpecSchema } from "./tasks.ts";
export type { ExpectedTensors } from "./tensorChecks.ts";
export { checkTensors, decodeExpected } from "./tensorChecks.ts";
