import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { temporaryFolder } from "../testing/startTest.ts";
import { createSealing, journalKeyFor } from "./journalKey.ts";

const folder = temporaryFolder();
afterEach(() => folder.remove());
const hex = "0123456789abcdef".repeat(4);

test("the key is read from the environment, or from the file that it names, which wins", () => {
  mkdirSync(join(folder.path, "run"), { recursive: true });
  const file = join(folder.path, "key");
  writeFileSync(file, `${"ff".repeat(32)}\n`);
  const run = join(folder.path, "run");
  expect(journalKeyFor(run, {})).toBeNull();
  expect(journalKeyFor(run, { TUTTI_JOURNAL_KEY: hex })?.bytes.slice(0, 3)).toEqual(Uint8Array.of(1, 0x23, 0x45));
  expect(journalKeyFor(run, { TUTTI_JOURNAL_KEY: hex, TUTTI_JOURNAL_KEY_FILE: file })?.bytes[0]).toBe(255);
});

test("what is no key, a file that is not there and one in the run's folder are refused in a sentence that does not hold the key", () => {
  const run = join(folder.path, "run");
  mkdirSync(run, { recursive: true });
  const secret = "correct horse battery staple";
  const refusal = (environment: Record<string, string>) => {
    try {
      journalKeyFor(run, environment);
    } catch (error) {
      return String(error);
    }
    return "none";
  };
  expect(refusal({ TUTTI_JOURNAL_KEY: secret })).toContain(
    "TUTTI_JOURNAL_KEY: expected 64 hexadecimal digits, found 28 characters; `openssl rand -hex 32` makes",
  );
  expect(refusal({ TUTTI_JOURNAL_KEY: secret })).not.toContain("horse");
  expect(refusal({ TUTTI_JOURNAL_KEY_FILE: join(folder.path, "none") })).toContain("is not there");
  writeFileSync(join(run, "key"), hex);
  symlinkSync(join(run, "key"), join(folder.path, "link"));
  for (const file of [join(run, "key"), join(folder.path, "link")]) {
    expect(refusal({ TUTTI_JOURNAL_KEY_FILE: file })).toContain("lies in the run's folder");
  }
});

test("a sealed record opens with its key and in its place only", () => {
  const salt = new Uint8Array(32).fill(1);
  const key = { bytes: new Uint8Array(32).fill(2), from: "a" };
  const sealing = createSealing(key, salt);
  const bound = [Buffer.from("before"), Buffer.from("head")];
  const { nonce, update, final } = sealing.seal(bound);
  const sealed = Buffer.concat([nonce, update(Buffer.from("a state ")), update(Buffer.from("and more")), final()]);
  expect(sealed.length).toBe(sealing.sealedBytes(16));
  expect(sealing.open(sealed, bound).toString()).toBe("a state and more");
  expect(() => sealing.open(sealed, [Buffer.from("another"), Buffer.from("head")])).toThrow();
  expect(() => createSealing({ ...key, bytes: new Uint8Array(32).fill(3) }, salt).open(sealed, bound)).toThrow();
  expect(() => createSealing(key, new Uint8Array(32)).open(sealed, bound)).toThrow();
});
