import { clientProfileSchema, integer, number } from "@tutti/core";
import { z } from "zod";
import {
  backendSchema,
  blobRefSchema,
  clientKeySchema,
  countSchema,
  deviceIdSchema,
  runIdSchema,
  signatureSchema,
  taskIdSchema,
  text,
} from "./fields.ts";
import { limits, protocolVersion } from "./limits.ts";
import { receiptKeySchema, receiptSchema } from "./receipts.ts";
import { type Rule, rules } from "./rules.ts";
import { runSettingsSchema } from "./runSettings.ts";
import { landingStatusSchema, statusSchema } from "./status.ts";
import { declineSchema, progressSchema, submitOutcomeSchema, submitSchema, taskLeaseSchema } from "./tasks.ts";

const emptySchema = z.strictObject({});

const ruleSchema = z.custom<Rule>((value) => typeof value === "string" && Object.hasOwn(rules, value), "a rule's number is expected");

const portSchema = integer(1, 65_535);

const threadsSchema = integer(1, limits.maxThreads);

const capabilitiesSchema = z.strictObject({
  /** The backend the tab was told to use, or `auto` when it will measure. */
  backend: z.union([z.literal("auto"), backendSchema]),
  threads: threadsSchema,
  isSecureContext: z.boolean(),
  userAgent: z.string().max(limits.maxUserAgent),
});

const deviceVersionSchema = z.strictObject({
  deviceId: deviceIdSchema,
  /** Last accepted task, null when there is none. */
  version: taskIdSchema.nullable(),
  /** The task whose contribution is written but not yet known to be accepted. */
  pending: taskIdSchema.nullable(),
});

/** The first call on a socket (P-10). */
const helloSchema = z
  .strictObject({
    protocolVersion: z.literal(protocolVersion),
    clientKey: clientKeySchema,
    /** Host, and port where there is one, of the address under which the client knows the coordinator (P-100). */
    audience: z.string().min(1).max(limits.maxHost),
    /** That the key is the client's: its signature over audience and challenge. */
    proof: signatureSchema,
    /** The run that the devices below belong to, where the client knows it. */
    runId: runIdSchema.exactOptional(),
    nickname: text(limits.maxNickname).exactOptional(),
    /** Shares of the built-in partition, the volunteer's own examples, or none but the tasks of a trusted server (P-90). */
    hosting: z.enum(["virtual", "own", "compute"]),
    /** What the link to the run carries; of a compute client the token of its own (P-90). */
    token: z.string().min(1).max(limits.maxToken).exactOptional(),
    /** Of hosts that the run's operator trusts with the states of other clients' devices (P-126). */
    hostToken: z.string().min(1).max(limits.maxToken).exactOptional(),
    /** Of helper devices of the run's operator (P-192). */
    helperToken: z.string().min(1).max(limits.maxToken).exactOptional(),
    /** Number of own examples; with `own` only. */
    ownExamples: integer(1, limits.maxExamples).exactOptional(),
    devices: z.array(deviceVersionSchema).max(limits.maxDevicesPerClient).readonly(),
    capabilities: capabilitiesSchema,
    /** That a backward pass does not fit: its devices compute forward passes alone (P-250). */
    isForwardOnly: z.literal(true).exactOptional(),
    /** What the client claims of its machine (P-18); of the rate only where it is known before anything is loaded. */
    profile: clientProfileSchema.partial({ flopsPerSecond: true }).exactOptional(),
  })
  .refine((hello) => hello.hosting === "own" || hello.ownExamples === undefined, {
    path: ["ownExamples"],
    error: "ownExamples is for hosting own examples only",
  })
  .refine((hello) => hello.hosting === "virtual" || hello.helperToken === undefined, {
    path: ["helperToken"],
    error: "helper devices hold shares of the run's examples",
  })
  .refine((hello) => hello.hosting !== "compute" || hello.token !== undefined, {
    path: ["token"],
    error: "a compute client has a token",
  });

/** What a client does with a device's state (P-20 to P-24). */
const decisionSchema = z.enum(["keep", "promote", "drop", "reset", "new"]);

const deviceDecisionSchema = z.strictObject({
  deviceId: deviceIdSchema,
  decision: decisionSchema,
  /** State to start from, in the device state codec (P-56). */
  state: blobRefSchema.exactOptional(),
  /** The version of that state. */
  version: taskIdSchema.exactOptional(),
  /** Share of the partition that the device holds, where it is not share i of device i (P-15). */
  share: integer(0, limits.maxDevices - 1).exactOptional(),
});

const deviceDecisionsSchema = z.array(deviceDecisionSchema).max(limits.maxDevicesPerClient).readonly();

const urlsSchema = z.strictObject({
  /** The backbone's manifest. Addresses without a host are counted from the coordinator's folder, which a proxy may have put under a path. */
  backbone: z.string().max(limits.maxUrl),
  /** Folder of the data set. */
  dataset: z.string().max(limits.maxUrl),
});

/** The coordinator's answer to hello. */
const welcomeSchema = z.strictObject({
  runId: runIdSchema,
  run: runSettingsSchema,
  urls: urlsSchema,
  devices: deviceDecisionsSchema,
  /** Whether a submit carries the device's new state (P-56). */
  keepsStates: z.boolean(),
  numTabs: integer(1, limits.maxClients).exactOptional(),
  /** Forced number of threads. */
  threads: threadsSchema.exactOptional(),
  /** Forced backend. */
  backend: backendSchema.exactOptional(),
  status: statusSchema,
});

/** The answer to `GET /run.json` (P-71). */
export const runInfoSchema = z.strictObject({
  protocolVersion: z.literal(protocolVersion),
  runId: runIdSchema,
  run: runSettingsSchema,
  urls: urlsSchema,
  /** Whether the coordinator gets a copy of each device's private state (P-56). */
  keepsStates: z.boolean(),
  /** What a client must bring to join (P-102, P-103). */
  admission: z.enum(["open", "code", "invitations"]),
  /** The address under which others are invited (P-191); absent where it is the page's own. */
  inviteUrl: z.string().max(limits.maxUrl).exactOptional(),
  /** The certificate that the coordinator's machine made itself, of which browsers warn (P-191); absent where there is none. */
  trust: z
    .strictObject({
      /** As browsers show it. */
      sha256: z
        .string()
        .max(95)
        .regex(/^[0-9A-F]{2}(:[0-9A-F]{2}){31}$/),
      /** Of https. */
      port: portSchema,
      /** Of plain http beside it. */
      plainPort: portSchema.exactOptional(),
    })
    .exactOptional(),
  /** The public key that signs the run's receipts (P-165). */
  receiptKey: receiptKeySchema.exactOptional(),
  /** What the operator says of the run, in the operator's words (P-160); absent where nothing is said. */
  host: z.strictObject({ name: text(limits.maxHostName).exactOptional(), about: text(limits.maxAbout).exactOptional() }).exactOptional(),
  status: landingStatusSchema,
  /** Of all the run's steps (P-161). */
  progress: z
    .strictObject({
      numStepsDone: countSchema,
      numSteps: countSchema,
      /** Null while too little was measured to say. */
      secondsLeft: number(0, limits.maxNumber).nullable(),
    })
    .exactOptional(),
});

/** Devices that are ready: data loaded, admission test passed (P-14); none where the client is ready and has no device (P-17). */
const registerSchema = z.strictObject({
  devices: z
    .array(z.strictObject({ deviceId: deviceIdSchema, numExamples: integer(1, limits.maxExamples) }))
    .max(limits.maxDevicesPerClient)
    .readonly(),
  /** What the client computes on, and why. */
  compute: z
    .strictObject({
      backend: backendSchema,
      threads: threadsSchema,
      reason: z.string().max(limits.maxReason),
      /** Of the admission test. */
      worstError: number(0, limits.maxNumber),
      /** Of a matrix product on that backend (P-18). */
      flopsPerSecond: clientProfileSchema.shape.flopsPerSecond.exactOptional(),
    })
    .exactOptional(),
});

/** Devices that were not registered, each with the rule that it broke (P-122); absent where all were. */
const registeredSchema = z.strictObject({
  unregistered: z
    .array(z.strictObject({ deviceId: deviceIdSchema, rule: ruleSchema, message: z.string().max(limits.maxReason) }))
    .min(1)
    .max(limits.maxDevicesPerClient)
    .readonly()
    .exactOptional(),
});

/** What was deleted of a client that leaves (P-127), and what cannot be. */
const withdrawnSchema = z.strictObject({
  numDevices: countSchema,
  /** Copies of devices' private states. */
  numStates: countSchema,
  /** Devices of which the server kept a control variate, or a spectrum. */
  numControls: countSchema,
  /** Contributions that were not yet summed. */
  numContributions: countSchema,
  /** Contributions of these devices that were summed before: they stay in the parameters. */
  numSummed: countSchema,
});

/** A paused client gets no tasks (P-34). */
const pauseSchema = z.strictObject({ isPaused: z.boolean() });

/** Virtual devices that move here (P-26). */
const assignSchema = z.strictObject({ devices: deviceDecisionsSchema });

/** A device's state of this version cannot be used where the device lives now (P-125). */
const declineStateSchema = z.strictObject({ deviceId: deviceIdSchema, version: taskIdSchema, reason: z.string().max(limits.maxReason) });

/** Devices that live elsewhere from now on (P-27). */
const movedSchema = z.strictObject({ deviceIds: z.array(deviceIdSchema).min(1).max(limits.maxDevicesPerClient).readonly() });

/** The last message of the coordinator on a socket (P-80). */
const goodbyeSchema = z.strictObject({
  reason: z.enum(["finished", "closing", "newRun", "removed"]),
  message: z.string().max(limits.maxReason).exactOptional(),
});

/** Every call by name: what is sent and what is answered. */
export const calls = {
  hello: { request: helloSchema, answer: welcomeSchema },
  loading: { request: emptySchema, answer: emptySchema },
  register: { request: registerSchema, answer: registeredSchema },
  submit: { request: submitSchema, answer: submitOutcomeSchema },
  progress: { request: progressSchema, answer: emptySchema },
  pause: { request: pauseSchema, answer: emptySchema },
  leave: { request: emptySchema, answer: emptySchema },
  withdraw: { request: emptySchema, answer: withdrawnSchema },
  receipt: { request: emptySchema, answer: receiptSchema },
  decline: { request: declineSchema, answer: emptySchema },
  declineState: { request: declineStateSchema, answer: emptySchema },
  task: { request: taskLeaseSchema, answer: emptySchema },
  assign: { request: assignSchema, answer: emptySchema },
  moved: { request: movedSchema, answer: emptySchema },
  replaced: { request: emptySchema, answer: emptySchema },
  goodbye: { request: goodbyeSchema, answer: emptySchema },
  status: { request: statusSchema, answer: emptySchema },
} as const;

/** A message that is answered, by name. */
export type CallName = keyof typeof calls;
/** What a caller hands to `call`. */
export type Request<N extends CallName> = z.input<(typeof calls)[N]["request"]>;
/** What a handler receives. */
export type Received<N extends CallName> = z.output<(typeof calls)[N]["request"]>;
/** What a handler answers. */
export type Answer<N extends CallName> = z.output<(typeof calls)[N]["answer"]>;

/** What a client says first on every connection (P-12 to P-15). */
export type Hello = z.infer<typeof helloSchema>;
/** The answer to hello: the run, and what becomes of each device (P-20 to P-25). */
export type Welcome = z.infer<typeof welcomeSchema>;
/** What GET /run.json answers. */
export type RunInfo = z.infer<typeof runInfoSchema>;
/** Devices that are ready, with their n_i (P-14). */
export type Register = z.infer<typeof registerSchema>;
/** Devices that live on the client from now on (P-26). */
export type Assign = z.infer<typeof assignSchema>;
/** Why the coordinator closes the connection (P-80). */
export type Goodbye = z.infer<typeof goodbyeSchema>;
/** What was deleted of a client that left with `withdraw`, and what stays (P-127). */
export type Withdrawn = z.infer<typeof withdrawnSchema>;
/** What a client does with a device's state (P-20 to P-25). */
export type Decision = z.infer<typeof decisionSchema>;
/** A decision for one device, with its state and share where it needs them. */
export type DeviceDecision = z.infer<typeof deviceDecisionSchema>;
/** A device's last accepted task and the one that is pending, as hello lists them. */
export type DeviceVersion = z.infer<typeof deviceVersionSchema>;
