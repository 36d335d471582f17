import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { clientIdentity, type Receipt, receiptKeyOf, signReceipt } from "@tutti/protocol";
import { afterEach, expect, test, vi } from "vitest";
import { createProgram } from "../program.ts";
import { verdictText } from "./verdictText.ts";
import { findRun, judge, readReceipt } from "./verify.ts";

const [ours, theirs] = [1, 2].map((seed) => new Uint8Array(32).fill(seed)) as [Uint8Array, Uint8Array];
const entry = (round: number) =>
  ({
    taskId: String(round).repeat(32),
    deviceId: 3,
    stage: "train",
    round,
    step: 1,
    kind: "train",
    at: Date.UTC(2026, 10, 30, 9, round),
    numBytes: 1500,
    sha256: "ab".repeat(32),
  }) as const;
const unsigned = {
  format: "tutti receipt",
  version: 1,
  runId: "run-1",
  clientKey: clientIdentity("a-secret-of-a-client").clientKey,
  issuedAt: Date.UTC(2026, 10, 30, 10),
  numEarlier: 0,
  contributions: [entry(1), entry(2)],
} as const;
const receipt = signReceipt(unsigned, ours);
const key = receiptKeyOf(ours);

const folders: string[] = [];
afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = undefined;
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function written(value: unknown): string {
  const folder = mkdtempSync(join(tmpdir(), "tutti-receipt-"));
  folders.push(folder);
  const file = join(folder, "receipt.json");
  writeFileSync(file, typeof value === "string" ? value : JSON.stringify(value, null, 2));
  return file;
}

/** Runs the command; what it prints, and its exit code. */
async function verify(value: unknown, ...flags: readonly string[]) {
  const log = vi
    .spyOn(console, "log")
    .mockReset()
    .mockImplementation(() => undefined);
  await createProgram().parseAsync(["node", "tutti", "receipt", "verify", written(value), ...flags]);
  return { text: log.mock.calls.flat().join("\n"), code: process.exitCode };
}

test("a receipt of the run is valid, and says how much was contributed when (P-165)", async () => {
  const { text, code } = await verify(receipt, "--run", key);
  expect(code).toBe(0);
  expect(text).toContain("valid: unchanged, and signed by the run");
  expect(text).toContain("2 contributions (3.00 kB), accepted from 2026-11-30T09:01:00Z to 2026-11-30T09:02:00Z");
});

test("a value that was changed ends with 3, a receipt of another run with 4, also where its text is the same", async () => {
  const changed = await verify({ ...receipt, contributions: [entry(1), entry(2), entry(3)] }, "--run", key);
  expect([changed.code, changed.text]).toEqual([3, "changed: the signature does not fit what the file says"]);
  const forged = await verify(signReceipt(unsigned, theirs), "--run", key);
  expect([forged.code, forged.text]).toEqual([4, expect.stringMatching(/^by another run: it is signed by key .*, and the run's is /)]);
  expect(judge(receipt, { key, runId: "run-2" }).kind).toBe("anotherRun");
});

test("without the run nothing is promised of who signed it", async () => {
  const { text, code } = await verify(signReceipt(unsigned, theirs));
  expect(code).toBe(0);
  expect(text).not.toContain("valid");
  expect(text).toContain(`unchanged since it was signed by key ${receiptKeyOf(theirs)}; whether that is the run's key says --run`);
});

test("a run is found by its address with or without what else the link carries, by its folder and by its key", async () => {
  const asked: string[] = [];
  const get = (async (url: string) => {
    asked.push(url);
    return new Response(JSON.stringify({ runId: "run-1", receiptKey: key }));
  }) as typeof fetch;
  for (const address of ["http://host:8080", "https://host/tutti/?auto=1#token=blue"])
    expect(await findRun(address, get)).toEqual({ runId: "run-1", key });
  expect(asked).toEqual(["http://host:8080/run.json", "https://host/tutti/run.json"]);
  const folder = join(written(""), "..");
  writeFileSync(join(folder, "receipts.pub"), `${key}\n`);
  expect(await findRun(folder)).toEqual({ runId: null, key });
  expect(await findRun(key)).toEqual({ runId: null, key });
  await expect(findRun("no-such-place")).rejects.toThrow(
    '--run: "no-such-place" is neither a run\'s address, its folder, nor its public key',
  );
  await expect(findRun("http://host", (async () => new Response("{}")) as typeof fetch)).rejects.toThrow("names no key for receipts");
});

test("a file that is no receipt is refused with what is wrong", async () => {
  await expect(readReceipt(written("%PDF"))).rejects.toThrow("is not JSON: expected a receipt that was downloaded");
  await expect(readReceipt(written({ ...receipt, version: 2 } as unknown as Receipt))).rejects.toThrow(/is not a receipt: version: /);
  await expect(readReceipt(written(7))).rejects.toThrow("is not a receipt: the file");
});

test("a receipt of nothing is a receipt", () => {
  const empty = signReceipt({ ...unsigned, contributions: [], numEarlier: 4 }, ours);
  expect(verdictText(judge(empty, null))).toContain("0 contributions (0 bytes); 4 earlier contributions not listed");
});
