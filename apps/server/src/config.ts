import { deepFrozen } from "@tutti/core";
import { backendSchema, limits, runSettingsSchema, settingFaults } from "@tutti/protocol";
import { z } from "zod";

const pathSchema = z.string().min(1).describe("a path");

const httpsSchema = z
  .union([z.enum(["none", "self"]), z.strictObject({ cert: pathSchema, key: pathSchema })])
  .describe("none, self, or { cert, key } with the paths of two PEM files");

const publicUrlSchema = z.url({ protocol: /^https?$/ }).describe("an address that begins with http:// or https://");

/** A line of text for people. */
const hostTextSchema = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .regex(/^[^\p{Cc}]*\S[^\p{Cc}]*$/u)
    .describe(`a line of 1 to ${max} characters`);

const runIdSchema = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,64}$/)
  .describe("1 to 64 letters, digits, _ or -");

const startFromSchema = z
  .union([pathSchema, z.strictObject({ run: runIdSchema, round: z.int().min(1) })])
  .describe("a path or a run's id, or { run, round } with a run's id and one of its training rounds");

/** What connections are held to (P-140, P-141). */
const connectionsSchema = z.strictObject({
  /** Most at once; null for as many as the process may open files for. */
  max: z.int().min(1).max(1_000_000).nullable().default(null),
  /** Milliseconds until the headers of a request must be there. */
  headersTimeoutMs: z.int().min(100).max(600_000).default(20_000),
  /** Milliseconds that a body may stand still, or an answer that is not read. */
  stallTimeoutMs: z.int().min(100).max(600_000).default(30_000),
  /** Bytes a second that a body or an answer must get on by, once it has taken longer than that. */
  minBytesPerSecond: z.int().min(0).max(1_000_000).default(200),
  /** Milliseconds that a connection may stay open between two requests; web servers in front of the coordinator keep theirs for 60 s. */
  idleTimeoutMs: z.int().min(1).max(600_000).default(72_000),
});

/** Everything a coordinator can be told, with bounds and units; the run's own settings are under `run`. */
export const coordinatorConfigSchema = z.strictObject({
  /** Address to listen on; 0.0.0.0 lets other machines in. */
  host: z.string().min(1).describe("an address to listen on, such as 127.0.0.1").default("0.0.0.0"),
  /** 0 for any free port. */
  port: z.int().min(0).max(65_535).default(8080),
  https: httpsSchema.default("none"),
  /** Beside https, a port where the same is served over plain http, for browsers that do not take the certificate; null for none, 0 for any free one (P-191). */
  plainPort: z.int().min(0).max(65_535).nullable().default(null),
  /** Addresses under which others reach this coordinator beside those that it prints, such as that of a proxy in front of it (P-101). */
  publicUrl: z
    .union([publicUrlSchema, z.array(publicUrlSchema).max(20)])
    .describe("an address that begins with http:// or https://, or a list of them")
    .default([]),
  /** Who may come: everybody, who brings the code word, or who brings an invitation (P-102, P-103). */
  admission: z.enum(["open", "code", "invitations"]).default("open"),
  /** With `code`; by default it is drawn, and kept in the run's folder. */
  codeWord: z
    .string()
    .min(6)
    .max(100)
    .regex(/^[^\s\p{Cc}](?:[^\p{Cc}]*[^\s\p{Cc}])?$/u)
    .describe("6 to 100 characters")
    .exactOptional(),
  /** Whether a code word that is drawn is three words, which can be read from a wall and typed (P-190). */
  codeWords: z.boolean().default(false),
  /** The address that pages show and draw as a QR code for others to join; by default each page's own. */
  inviteUrl: publicUrlSchema.exactOptional(),
  /** Who runs this, as the pages tell volunteers (P-160). */
  hostedBy: hostTextSchema(limits.maxHostName).exactOptional(),
  /** What the run is for, in a sentence or two. */
  about: hostTextSchema(limits.maxAbout).exactOptional(),
  /** Whether each client waits until the operator lets it in (P-104). */
  approval: z.boolean().default(false),
  /** One folder per run below it, and `coordinator/` for the certificate. */
  dataDir: pathSchema.default("runs"),
  /** Folder name of the run; by default it follows from the run's settings, so that the same command resumes. */
  runId: runIdSchema.exactOptional(),
  /** Built pages, or null for a coordinator without pages. */
  pagesDir: pathSchema.nullable().default("dist/web"),
  /** Holds backbones/ and datasets/. */
  publicDir: pathSchema.default("public"),
  /** Where the tabs fetch backbones, such as a CDN that holds a copy of backbones/ and allows other origins; null for this coordinator. */
  backbonesUrl: z
    .url({ protocol: /^https?$/ })
    .describe("an address that begins with http:// or https://")
    .nullable()
    .default(null),
  /** Pages come from the development server that is handed in, without a content security policy. */
  dev: z.boolean().default(false),
  logLevel: z.enum(["fatal", "error", "warn", "info", "debug", "trace", "silent"]).default("info"),
  /** Milliseconds that the devices of a client that is gone wait for it. */
  graceMs: z.int().min(0).max(86_400_000).default(30_000),
  /** Milliseconds that a client may stay silent while it owes the registration of a device, before another one may have it (P-17). */
  registerTimeoutMs: z.int().min(1).max(86_400_000).default(60_000),
  /** Milliseconds that a place may be reserved in all, whatever signs of life its client gives, before another one may have it (P-110). */
  reservationMs: z.int().min(1).max(86_400_000).default(1_800_000),
  /** Milliseconds that a client may be away, rest or be silent before a newcomer to a full open roster may have its place (P-111). */
  leaseMs: z.int().min(1).max(31_536_000_000).default(600_000),
  /** Clients from one public address, or null for no bound (P-112). */
  maxClientsPerAddress: z.int().min(1).max(100_000).nullable().default(200),
  /** Clients by one invitation, or null for no bound (P-113). */
  maxClientsPerToken: z.int().min(1).max(100_000).nullable().default(null),
  /** Sockets that watch without taking part (P-114). */
  maxSpectators: z.int().min(0).max(100_000).default(1000),
  /** Proxies before this coordinator that say truly who reached them, in X-Forwarded-For. */
  trustProxy: z.int().min(0).max(16).default(0),
  /** Milliseconds until a socket that has not said hello is closed; null lets it stay as a spectator (P-141). */
  helloTimeoutMs: z.int().min(1).max(600_000).nullable().default(null),
  connections: connectionsSchema.prefault({}),
  /** Whether devices without a client move to another one with their state, or leave; by default they move in a fixed roster. */
  homeless: z.enum(["move", "leave"]).exactOptional(),
  /**
   * Who may be sent a device's private state beside the client that computed it: whoever hosts the device next, or only clients that bring the run's
   * host token (P-126). To others a device moves without its state.
   */
  stateHosts: z.enum(["anyone", "trusted"]).default("anyone"),
  /** Device i of a fixed roster lives on client i mod expectedClients, by order of arrival; null deals them evenly as clients come. */
  expectedClients: z.int().min(1).max(limits.maxClients).nullable().default(null),
  /** Most devices on one client; null for no bound. */
  maxPerClient: z.int().min(1).max(1000).nullable().default(null),
  /** Forced on all clients; null lets each measure. */
  backend: backendSchema.nullable().default(null),
  /** Forced on all clients; null lets each choose. */
  threads: z.int().min(1).max(256).nullable().default(null),
  /** Where the run starts in place of values drawn from its seed: tuned parameters, or another run of `dataDir` after a training round. */
  startFrom: startFromSchema.exactOptional(),
  /** Most bytes that states after past training rounds may take, from which the run can be branched; the latest is kept even where it takes more. 0 keeps none. */
  keepRoundsBytes: z.int().min(0).default(200_000_000),
  /** Least milliseconds from one training round's plan to the next one's, so that people can follow; it changes no number of the run. */
  minRoundMs: z.int().min(0).max(600_000).default(0),
  /** Whether config.json and rounds.jsonl are written into the run's folder. */
  writesRunFiles: z.boolean().default(true),
  run: runSettingsSchema,
});

/** What a caller hands in; whatever has a default may be left out. */
export type CoordinatorOptions = z.input<typeof coordinatorConfigSchema>;

/** A complete, frozen configuration. */
export type CoordinatorConfig = z.output<typeof coordinatorConfigSchema>;

/** A configuration that was refused; the message names every fault. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

/** Names of a settings file that choose where it starts and are no settings themselves. */
const fileNames = [{ path: ["preset"], choice: null }];

/** What is known of an input before it is parsed. */
interface ParseOptions {
  /** The file that it is from. */
  readonly name?: string | undefined;
  /** Faults of it, told first. */
  readonly known?: readonly string[];
}

/** Parses and freezes a configuration; throws a ConfigError with a line for each fault. */
export function parseConfig(input: unknown, { name, known = [] }: ParseOptions = {}): CoordinatorConfig {
  const result = coordinatorConfigSchema.safeParse(input);
  if (result.success && known.length === 0) return deepFrozen(result.data);
  const faults = [...known, ...settingFaults(coordinatorConfigSchema, input, { others: fileNames })];
  const what = name === undefined ? "the configuration was refused" : `${name}: the configuration was refused`;
  throw new ConfigError(`${what}:\n${faults.map((fault) => `  ${fault}`).join("\n")}`);
}
