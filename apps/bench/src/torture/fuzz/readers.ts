import type { RandomStream } from "@tutti/core";
import { faultOfError } from "./answers.ts";
import { mutateBytes } from "./mutateBytes.ts";
import { mutateValue } from "./mutateValue.ts";
import type { FuzzTarget } from "./target.ts";

/** A reader and good inputs of its. */
export interface ByteReader {
  readonly samples: readonly Uint8Array[];
  /** Given where the input is text. */
  readonly words?: readonly string[];
  /** Reads, and uses what it read as the project does. */
  read(bytes: Uint8Array, random: RandomStream): unknown;
  /** What is wrong with an error; that it is no sentence, when absent. */
  fault?(error: unknown): string | null;
}

/** Feeds a reader with good inputs of which bytes were changed, and with bytes alone. */
export function byteTarget(name: string, { samples, words, read, fault = faultOfError }: ByteReader, weight = 1): FuzzTarget {
  return {
    name,
    weight,
    async tryCase(random) {
      const sample = samples[random.integer(samples.length)] ?? new Uint8Array(0);
      const bytes = mutateBytes(sample, { random, others: samples, ...(words === undefined ? {} : { words }) });
      return outcomeOf(() => read(bytes, random), fault);
    },
  };
}

/** A reader of JSON and good values of its. */
export interface JsonReader {
  readonly samples: readonly unknown[];
  read(text: string, random: RandomStream): unknown;
  fault?(error: unknown): string | null;
}

/** Feeds a reader of JSON with values of which parts were changed, and with texts of which bytes were. */
export function jsonTarget(name: string, { samples, read, fault = faultOfError }: JsonReader, weight = 1): FuzzTarget {
  const texts = samples.map((sample) => new TextEncoder().encode(JSON.stringify(sample)));
  const parts = samples.flatMap((sample) => (typeof sample === "object" && sample !== null ? Object.values(sample) : [sample]));
  return {
    name,
    weight,
    async tryCase(random) {
      const at = random.integer(samples.length);
      const isValue = random.integer(3) > 0;
      const text = isValue
        ? shownJson(mutateValue(samples[at], parts, random))
        : new TextDecoder().decode(mutateBytes(texts[at] ?? new Uint8Array(0), { random, others: texts, words: ["__proto__"] }));
      return outcomeOf(() => read(text, random), fault);
    },
  };
}

/** A value that has no JSON, or whose JSON would take more than the stack, is none. */
function shownJson(value: unknown): string {
  try {
    return JSON.stringify(value, (_, part: unknown) => (part instanceof ArrayBuffer ? [] : part)) ?? "";
  } catch {
    return "";
  }
}

/** What went wrong with reading; null for an answer and for a refusal in words. */
export async function outcomeOf(read: () => unknown, fault: (error: unknown) => string | null): Promise<string | null> {
  try {
    await read();
    return null;
  } catch (error) {
    return fault(error);
  }
}
