import { timingSafeEqual } from "node:crypto";

/** Whether two secrets are the same, in a time that does not hang on where they differ. */
export function isSameSecret(found: string, expected: string): boolean {
  const [a, b] = [Buffer.from(found), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}
