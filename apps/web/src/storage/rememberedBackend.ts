import type { BackendChoice, BackendNote, BackendWhy } from "@tutti/model";
import { z } from "zod";

/** Keeps what this browser measured of its backends. */
export interface BackendMemory {
  /** To speak of it. */
  look(): BackendChoice | null;
  /** For a start with it; null where nothing is known of this version in this browser. */
  recall(): BackendChoice | null;
  remember(choice: BackendChoice): void;
  /** It did not hold. */
  forget(): void;
  /** Whether what is remembered has served so long that it should be measured again, for the next start. */
  isDue(): boolean;
}

/** What the memory depends on. */
export interface BackendMemoryOptions {
  /** A browser that blocks a site's data throws here. */
  readonly storage: () => Pick<Storage, "getItem" | "setItem" | "removeItem">;
  /** Of the code that computes: other kernels, other times. */
  readonly version: string;
  readonly userAgent: string;
  readonly now: () => number;
}

const item = "tutti-backend";
const dayMs = 86_400_000;
/** Drivers and browsers change, and the first measurement may have met a busy moment. */
const dueAfter = { ms: 7 * dayMs, starts: 20 };
/** Where a tab never rested, so that it was due and not measured, the next start measures. */
const forgottenAfterMs = 30 * dayMs;

const nameSchema = z.enum(["webgpu", "wasm", "cpu"]);
const named = { backend: nameSchema, threads: z.int(), adapter: z.string().nullable() };
const noteSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.enum(["insecure", "notIsolated", "noSharedMemory", "oneCore", "fewCores"]), threads: z.int() }),
  z.object({ kind: z.literal("kernels"), variant: z.enum(["shared", "registers"]) }),
  z.object({ kind: z.literal("plainKernels"), isAsked: z.boolean() }),
  z.object({ kind: z.literal("noGpu"), lack: z.enum(["notOffered", "insecure", "noGpu"]), detail: z.string() }),
  z.object({ kind: z.enum(["noStart", "noCompute"]), backend: nameSchema, detail: z.string() }),
  z.object({ kind: z.literal("software"), adapter: z.string() }),
  z.object({ kind: z.literal("threadsStuck"), threads: z.int(), seconds: z.number() }),
  z.object({ kind: z.literal("gpuStuck"), seconds: z.number() }),
]) satisfies z.ZodType<BackendNote>;

const whySchema = z.object({
  ...named,
  askedBy: z.enum(["run", "address", "client", "fallback"]).nullable(),
  measured: z.array(z.object({ ...named, ms: z.number() })).readonly(),
  rememberedAtMs: z.number().nullable(),
  notes: z.array(noteSchema).readonly(),
}) satisfies z.ZodType<BackendWhy>;

const rowSchema = z.object({
  version: z.string(),
  userAgent: z.string(),
  numStarts: z.int(),
  choice: z.object({
    backend: z.enum(["webgpu", "wasm"]),
    adapter: z.string().nullable(),
    threads: z.int(),
    kernels: z.object({ variant: z.enum(["shared", "registers"]), reason: z.string() }).nullable(),
    reason: z.string(),
    why: whySchema.optional().catch(undefined), // of another version: the sentence stays
    measuredAtMs: z.number(),
  }),
});

type Row = z.infer<typeof rowSchema>;

/** A memory in the page's local storage, which all tabs of the browser share; nothing is remembered where there is none. */
export function backendMemory({ storage, version, userAgent, now }: BackendMemoryOptions): BackendMemory {
  const quietly = <T>(act: () => T): T | null => {
    try {
      return act();
    } catch {
      return null; // no storage, or what lies there is of another program: it is measured
    }
  };
  const ageOf = ({ choice }: Row) => now() - choice.measuredAtMs;
  const read = (): Row | null =>
    quietly(() => {
      const row = rowSchema.parse(JSON.parse(storage().getItem(item) ?? "null"));
      const isHere = row.version === version && row.userAgent === userAgent;
      return isHere && ageOf(row) >= 0 && ageOf(row) <= forgottenAfterMs ? row : null;
    });
  const write = (row: Row) => quietly(() => storage().setItem(item, JSON.stringify(row)));
  return {
    look: () => read()?.choice ?? null,
    recall() {
      const row = read();
      if (row === null) return null;
      write({ ...row, numStarts: row.numStarts + 1 });
      return row.choice;
    },
    remember: (choice) => void write({ version, userAgent, numStarts: 0, choice }),
    forget: () => void quietly(() => storage().removeItem(item)),
    isDue() {
      const row = read();
      return row !== null && (row.numStarts >= dueAfter.starts || ageOf(row) > dueAfter.ms);
    },
  };
}
