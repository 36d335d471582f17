import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { keepSecret, writeSecret } from "../secretFiles.ts";

/** A token that nobody guesses. */
export function createToken(): string {
  return randomBytes(24).toString("base64url");
}

/** The token in a file of a run's folder, which its owner alone can read; made where there is none, so that a coordinator that starts again knows it. */
export function tokenIn(folder: string, name: string, create: () => string = createToken): string {
  const path = join(folder, name);
  if (existsSync(path)) {
    keepSecret(path);
    const known = readFileSync(path, "utf8").trim();
    if (/^[A-Za-z0-9_-]{11,200}$/.test(known)) return known;
  }
  const token = create();
  writeSecret(path, `${token}\n`);
  return token;
}

/** Writes a file of a run's folder that everybody may read, unless it says that already. */
export function publishText(folder: string, name: string, text: string): void {
  const path = join(folder, name);
  if (!existsSync(path) || readFileSync(path, "utf8") !== text) writeFileSync(path, text);
}

/** Whether two texts are the same, in a time that says nothing of where they differ. */
export function isSameSecret(found: string, expected: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(found), digest(expected));
}

/** Whether a request's authorization header brings a token. */
export function isBearer(header: string | undefined, token: string): boolean {
  return isSameSecret(header ?? "", `Bearer ${token}`);
}
