import { clientIdentity, publicKeyOf } from "@tutti/protocol";
import type { JournalledClient, JournalledDevice } from "./journal.ts";
import type { Change, KeyValueStore } from "./keyValueStore.ts";
import { packRecord, unpackRecord } from "./records.ts";

/**
 * Puts public keys in place of the secrets by which coordinators before protocol 7 knew their clients. Clients derive the same keys from the same
 * secrets, so that a run of an earlier version goes on with its devices where they were. Returns the entries as they are then.
 */
export async function replaceOlderKeys(store: KeyValueStore): Promise<ReturnType<KeyValueStore["entries"]>> {
  const known = new Map<string, string>();
  const publicKey = (key: string): string => {
    if (publicKeyOf(key) !== null) return key;
    const found = known.get(key) ?? clientIdentity(key).clientKey;
    known.set(key, found);
    return found;
  };
  const changes = [...store.entries()].flatMap(([key, value]) => replaced(key, value, publicKey));
  if (changes.length === 0) return store.entries();
  store.write(changes);
  return store.current();
}

function replaced(key: string, value: Uint8Array, publicKey: (key: string) => string): Change[] {
  if (key.startsWith("client/")) {
    const client = unpackRecord(value).json as JournalledClient;
    const clientKey = publicKey(client.clientKey);
    return clientKey === client.clientKey
      ? []
      : [
          [key, null],
          [`client/${clientKey}`, packRecord({ ...client, clientKey })],
        ];
  }
  if (key.startsWith("device/")) {
    const device = unpackRecord(value).json as JournalledDevice;
    if (device.clientKey === null || publicKeyOf(device.clientKey) !== null) return [];
    return [[key, packRecord({ ...device, clientKey: publicKey(device.clientKey) })]];
  }
  if (key === "traffic") return replacedTraffic(key, value, publicKey);
  return [];
}

/** The bytes' record names clients in `firstUse` of what evaluations fetched. */
function replacedTraffic(key: string, value: Uint8Array, publicKey: (key: string) => string): Change[] {
  const text = JSON.stringify(unpackRecord(value).json);
  const json = JSON.parse(text, (name, inner) =>
    name === "firstUse" ? Object.fromEntries(Object.entries(inner).map(([client, use]) => [publicKey(client), use])) : inner,
  );
  return JSON.stringify(json) === text ? [] : [[key, packRecord(json)]];
}
