import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { RandomStream } from "@tutti/core";

/** Ways in which a disk changes a file. */
export const damageKinds = ["flip", "truncate", "zero", "foreign"] as const;
export type DamageKind = (typeof damageKinds)[number];

const pageBytes = 512;

/** The bytes of a file with damage at a place: one bit flipped, the rest gone, its page zero, or up to 64 random bytes in place of what was there. */
export function damageBytes(bytes: Buffer, kind: DamageKind, at: number, random: RandomStream): Buffer {
  if (kind === "truncate") return bytes.subarray(0, at);
  const changed = Buffer.from(bytes);
  if (kind === "flip") changed[at] = (changed[at] ?? 0) ^ (1 << random.integer(8));
  if (kind === "zero") changed.fill(0, at - (at % pageBytes), Math.min(bytes.length, at - (at % pageBytes) + pageBytes));
  if (kind === "foreign") for (let i = at; i < Math.min(bytes.length, at + 64); i++) changed[i] = random.integer(256);
  return changed;
}

/** A file of a folder and a byte of it. */
export interface DamagePlace {
  readonly path: string;
  readonly at: number;
}

/** Every byte of every file. */
export function placesIn(folder: string): DamagePlace[] {
  return readdirSync(folder)
    .sort()
    .map((name) => join(folder, name))
    .flatMap((path) => Array.from({ length: readFileSync(path).length }, (_, at) => ({ path, at })));
}

/** Damages a file while `look` is at work, and puts it back. Returns null where the damage changes no byte. */
export async function whileDamaged<T>(
  { path, at }: DamagePlace,
  { kind, random }: { readonly kind: DamageKind; readonly random: RandomStream },
  look: () => Promise<T>,
): Promise<T | null> {
  const before = readFileSync(path);
  const damaged = damageBytes(before, kind, at, random);
  if (damaged.equals(before)) return null;
  writeFileSync(path, damaged);
  try {
    return await look();
  } finally {
    writeFileSync(path, before);
  }
}
