import { clientIdentity } from "@tutti/protocol";
import { expect, test } from "vitest";
import { openJournal } from "./journal.ts";
import { memoryStore } from "./keyValueStore.ts";
import { replaceOlderKeys } from "./olderKeys.ts";

const secret = "0123456789abcdef0123456789abcdef";
const { clientKey } = clientIdentity(secret);
const device = { share: 0, numExamples: 5, version: null, versionSha256: null, stateSha256: null, wasReset: false } as const;

test("P-100 secrets in a journal of an earlier version become the keys that their clients prove, everywhere, and nothing else changes", async () => {
  const content = new Map<string, Uint8Array>();
  const before = openJournal(memoryStore(content));
  before.begin({ seed: 42 });
  before.putClient({ clientKey: secret, ordinal: 0, nickname: "Ada" });
  before.putClient({ clientKey: clientIdentity("of today, 16 signs").clientKey, ordinal: 1, nickname: null });
  before.putDevice({ ...device, deviceId: 0, clientKey: secret });
  before.putDevice({ ...device, deviceId: 1, clientKey: null });
  const fetched = { up: 1, down: 2, numAnswers: 1, firstUse: { [secret]: "evaluation" } };
  before.putTraffic({ fetched: { ab: fetched } });
  await replaceOlderKeys(memoryStore(content));
  const after = openJournal(memoryStore(content)).contents();
  expect(after?.clients).toEqual([
    { clientKey, ordinal: 0, nickname: "Ada" },
    { clientKey: clientIdentity("of today, 16 signs").clientKey, ordinal: 1, nickname: null },
  ]);
  expect(after?.devices).toEqual([
    { ...device, deviceId: 0, clientKey },
    { ...device, deviceId: 1, clientKey: null },
  ]);
  expect(after?.traffic).toEqual({ fetched: { ab: { ...fetched, firstUse: { [clientKey]: "evaluation" } } } });
  expect(Buffer.concat([...content.values()]).includes(secret) || [...content.keys()].some((key) => key.includes(secret))).toBe(false);
  const sizes = [...content].map(([key, value]) => [key, value.length]);
  await replaceOlderKeys(memoryStore(content)); // once is enough
  expect([...content].map(([key, value]) => [key, value.length])).toEqual(sizes);
});
