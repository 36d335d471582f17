import { createRandom } from "@tutti/core";
import { expect, test } from "vitest";
import { createQuotas, type Origin } from "./quotas.ts";

const from = (address: string | null, token: string | null = null): Origin => ({ address, token });

function quotasOf(limits: { readonly maxPerAddress?: number; readonly maxPerToken?: number }) {
  const gone = new Set<string>();
  const quotas = createQuotas({
    maxPerAddress: limits.maxPerAddress ?? null,
    maxPerToken: limits.maxPerToken ?? null,
    isHere: (key) => !gone.has(key),
  });
  return { gone, quotas };
}

test("an address has room for as many clients as the quota says; another address has its own (P-112)", () => {
  const { quotas } = quotasOf({ maxPerAddress: 2 });
  expect(["a", "b"].map((key) => quotas.admit(key, from("x")))).toEqual([null, null]);
  expect(quotas.admit("c", from("x"))).toMatchObject({ refused: "P-112", message: expect.stringContaining("at most 2 clients") });
  expect(quotas.admit("c", from("y"))).toBeNull();
});

test("a client that is counted may say hello again in a full quota, and who is gone makes room", () => {
  const { quotas, gone } = quotasOf({ maxPerAddress: 2 });
  for (const key of ["a", "b"]) quotas.admit(key, from("x"));
  expect(quotas.admit("b", from("x"))).toBeNull();
  gone.add("a");
  expect(quotas.admit("c", from("x"))).toBeNull();
  expect(quotas.admit("d", from("x"))).toMatchObject({ refused: "P-112" });
});

test("a client that moves to another address is counted there and not here", () => {
  const { quotas } = quotasOf({ maxPerAddress: 1 });
  quotas.admit("a", from("x"));
  expect(quotas.admit("a", from("y"))).toBeNull();
  expect(quotas.admit("b", from("x"))).toBeNull();
  expect(quotas.admit("c", from("y"))).toMatchObject({ refused: "P-112" });
});

test("one token lets in as many clients as its quota says, from whatever addresses (P-113)", () => {
  const { quotas } = quotasOf({ maxPerAddress: 5, maxPerToken: 2 });
  expect(["a", "b"].map((key) => quotas.admit(key, from(key, "door")))).toEqual([null, null]);
  expect(quotas.admit("c", from("c", "door"))).toMatchObject({ refused: "P-113" });
  expect(quotas.admit("c", from("c", "gate"))).toBeNull();
});

test("private networks are not counted", () => {
  const { quotas } = quotasOf({ maxPerAddress: 1 });
  for (const key of ["a", "b", "c"]) expect(quotas.admit(key, from(null))).toBeNull();
});

test("whoever comes and goes, no address has more clients that are there than its quota", () => {
  const random = createRandom(11).stream({ purpose: "comings" });
  const { quotas, gone } = quotasOf({ maxPerAddress: 3 });
  const at = new Map<string, string>();
  for (let i = 0; i < 3000; i++) {
    const key = `k${random.integer(20)}`;
    if (random.integer(3) === 0) {
      gone.add(key);
      at.delete(key);
      continue;
    }
    const address = `x${random.integer(4)}`;
    const others = [...at].filter(([other, where]) => where === address && other !== key);
    const refusal = quotas.admit(key, from(address));
    expect(refusal === null, `turn ${i}`).toBe(others.length < 3);
    if (refusal === null) {
      gone.delete(key);
      at.set(key, address);
    } else if (gone.has(key) === false && at.has(key) === false) gone.add(key);
  }
});
