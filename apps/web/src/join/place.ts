import { type DeviceStore, memoryStore } from "@tutti/client";
import { type ClaimedKey, claimClientKey, newClientKey } from "../storage/clientKey.ts";
import { openDatabase } from "../storage/database.ts";
import { indexedDbStore } from "../storage/indexedDbStore.ts";
import { words } from "../words/words.ts";
import type { DataSource } from "./dataSource.ts";
import { pageFolder } from "./pageFolder.ts";

/** Where a tab's devices are kept, and under which key. */
export interface Kept {
  readonly store: DeviceStore;
  readonly key: ClaimedKey;
  /** Why nothing is kept through a reload; null where it is. */
  readonly whyNotKept: unknown;
}

/**
 * A place belongs to the coordinator's path, several may share a host, and to its examples: the same ones find their device again, others
 * are another device. Their fingerprint stays here.
 */
export function slotOf(tab: string, source: DataSource): string {
  const { pathname } = new URL(pageFolder());
  const place = pathname === "/" ? tab : `${pathname}${tab}`;
  return source.kind === "share" ? place : `${place}/${source.identity}`;
}

/** A place in this browser's storage; in memory where it stores nothing. */
export async function keepingPlace(slot: string): Promise<Kept> {
  try {
    const database = await openDatabase();
    const key = await claimClientKey(database, slot);
    return { store: indexedDbStore(database, key.clientKey), key, whyNotKept: null };
  } catch (error) {
    return {
      store: memoryStore(),
      key: { clientKey: newClientKey(), release: () => undefined },
      whyNotKept: storageRefusal() ?? error ?? words.notices.unknownReason,
    };
  }
}

/** The error that a browser gives whose settings forbid this site to store anything; not every one gives it for a database. */
function storageRefusal(): unknown {
  try {
    return window.sessionStorage === null ? words.notices.noStorage : null;
  } catch (error) {
    return error;
  }
}
