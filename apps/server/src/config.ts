import { backendSchema, runSettingsSchema } from "@tutti/protocol";
import { z } from "zod";

const httpsSchema = z.union([z.enum(["none", "self"]), z.strictObject({ cert: z.string(), key: z.string() })], {
  error: "expected none, self, or {cert, key} with the paths of two PEM files",
});

/** Everything a coordinator can be told, with bounds and units; the run's own settings are under `run`. */
export const coordinatorConfigSchema = z.strictObject({
  /** Address to listen on; 0.0.0.0 lets other machines in. */
  host: z.string().min(1).default("0.0.0.0"),
  /** 0 for any free port. */
  port: z.int().min(0).max(65_535).default(8080),
  https: httpsSchema.default("none"),
  /** One folder per run below it, and `coordinator/` for the certificate. */
  dataDir: z.string().min(1).default("runs"),
  /** Folder name of the run; by default it follows from the run's settings, so that the same command resumes. */
  runId: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}$/, "expected 1 to 64 letters, digits, _ or -")
    .exactOptional(),
  /** Built pages, or null for a coordinator without pages. */
  pagesDir: z.string().min(1).nullable().default("dist/web"),
  /** Holds backbones/ and datasets/. */
  publicDir: z.string().min(1).default("public"),
  /** Where the tabs fetch backbones, such as a CDN that holds a copy of backbones/ and allows other origins; null for this coordinator. */
  backbonesUrl: z
    .url({ protocol: /^https?$/ })
    .nullable()
    .default(null),
  /** Pages come from the development server that is handed in, without a content security policy. */
  dev: z.boolean().default(false),
  logLevel: z.enum(["fatal", "error", "warn", "info", "debug", "trace", "silent"]).default("info"),
  /** Milliseconds that the devices of a client that is gone wait for it. */
  graceMs: z.int().min(0).max(86_400_000).default(30_000),
  /** Milliseconds that a client may stay silent while it owes the registration of a device, before another one may have it (P-17). */
  registerTimeoutMs: z.int().min(1).max(86_400_000).default(60_000),
  /** Milliseconds until a socket that has not said hello is closed; null lets it stay as a spectator. */
  helloTimeoutMs: z.int().min(1).max(600_000).nullable().default(null),
  /** Whether devices without a client move to another one with their state, or leave; by default they move in a fixed roster. */
  homeless: z.enum(["move", "leave"]).exactOptional(),
  /** Device i of a fixed roster lives on client i mod expectedClients, by order of arrival; null deals them evenly as clients come. */
  expectedClients: z.int().min(1).max(2000).nullable().default(null),
  /** Most devices on one client; null for no bound. */
  maxPerClient: z.int().min(1).max(1000).nullable().default(null),
  /** Forced on all clients; null lets each measure. */
  backend: backendSchema.nullable().default(null),
  /** Forced on all clients; null lets each choose. */
  threads: z.int().min(1).max(256).nullable().default(null),
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

/** Parses and freezes a configuration; throws a ConfigError that names each fault, with the nearest known name for an unknown one. */
export function parseConfig(input: unknown): CoordinatorConfig {
  const result = coordinatorConfigSchema.safeParse(input);
  if (result.success) return deepFreeze(result.data);
  const known = knownNames();
  const faults = result.error.issues.flatMap((issue) => describe(issue, known));
  throw new ConfigError(`the configuration was refused:\n${faults.map((fault) => `  ${fault}`).join("\n")}`);
}

function describe(issue: z.core.$ZodIssue, known: readonly string[]): string[] {
  const path = issue.path.join(".");
  if (issue.code !== "unrecognized_keys") return [`${path === "" ? "configuration" : path}: ${issue.message}`];
  return issue.keys.map((key) => {
    const nearest = nearestName(key, known);
    return `${[...issue.path, key].join(".")}: there is no such name${nearest === null ? "" : `; did you mean ${nearest}?`}`;
  });
}

/** Every property name of the schema, at any depth. */
function knownNames(): string[] {
  const names = new Set<string>();
  collectNames(z.toJSONSchema(coordinatorConfigSchema, { unrepresentable: "any", io: "input" }), names);
  return [...names];
}

function collectNames(node: unknown, names: Set<string>): void {
  if (typeof node !== "object" || node === null) return;
  if ("properties" in node && typeof node.properties === "object" && node.properties !== null) {
    for (const name of Object.keys(node.properties)) names.add(name);
  }
  for (const child of Object.values(node)) collectNames(child, names);
}

/** The candidate with the fewest edits, if they are few enough to be a slip of the pen. */
export function nearestName(name: string, candidates: readonly string[]): string | null {
  let best: string | null = null;
  let fewest = Math.max(2, Math.floor(name.length / 3)) + 1;
  for (const candidate of candidates) {
    const edits = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (edits >= fewest) continue;
    best = candidate;
    fewest = edits;
  }
  return best;
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substituted = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substituted, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== "object" || value === null) return value;
  for (const child of Object.values(value)) deepFreeze(child);
  return Object.freeze(value);
}
