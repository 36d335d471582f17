import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { UsageError } from "../exitCodes.ts";
import { checkNickname, coordinatorAddress, trusting } from "./coordinatorAddress.ts";

const folder = mkdtempSync(join(tmpdir(), "tutti-ca-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("an address is one of http or https", () => {
  expect(coordinatorAddress("https://example.org/tutti")).toBe("https://example.org/tutti");
  for (const text of ["", "example.org:8080", "ftp://example.org", "192.168.1.20"])
    expect(() => coordinatorAddress(text), text).toThrow(/is not a coordinator's address: expected one such as http:/);
});

test("a file that holds no certificate is wrong use: Node alone would warn and go on without it", () => {
  const missing = join(folder, "none.pem");
  expect(() => trusting(missing)).toThrow(
    new UsageError(`--ca ${missing} cannot be read: give a PEM file, such as runs/coordinator/certificate.pem`),
  );
  expect(() => trusting(folder)).toThrow("cannot be read");
  const key = join(folder, "key.pem");
  writeFileSync(key, "-----BEGIN PRIVATE KEY-----\n");
  expect(() => trusting(key)).toThrow(`--ca ${key} holds no certificate: give a PEM file`);
  writeFileSync(key, "-----BEGIN CERTIFICATE-----\n");
  expect(trusting(key)).toEqual({ NODE_EXTRA_CA_CERTS: key });
});

test("a nickname that the coordinator would refuse is told before anything is asked", () => {
  checkNickname(undefined);
  checkNickname("x".repeat(40));
  expect(() => checkNickname("x".repeat(41))).toThrow(
    new UsageError("--nickname: found 41 characters, expected at most 40 and no control characters"),
  );
  expect(() => checkNickname("a\u001b[2J")).toThrow("found 5 characters, expected at most 40 and no control characters");
});
