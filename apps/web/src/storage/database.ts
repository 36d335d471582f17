import type { Durability } from "@tutti/client";
import { words } from "../words/words.ts";

const databaseName = "tutti";
const databaseVersion = 1;

/** Object stores: `devices` by "client/run/device", `clients` by client key. */
export type StoreName = "devices" | "clients";

/** Opens the page's one database, creating its stores the first time. */
export function openDatabase(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(databaseName, databaseVersion);
    request.onupgradeneeded = () => {
      request.result.createObjectStore("devices");
      request.result.createObjectStore("clients", { keyPath: "clientKey" });
    };
    request.onsuccess = () => {
      // Another tab with a newer page may want to change the stores.
      request.result.onversionchange = () => request.result.close();
      resolve(request.result);
    };
    request.onerror = () => reject(new Error(words.notices.noDatabase, { cause: request.error }));
    request.onblocked = () => reject(new Error(words.notices.oldDatabase));
  });
}

/** Runs `work` in one transaction, which reads or writes with this durability, and resolves with its result once the transaction is complete. */
export function inTransaction<T>(
  database: IDBDatabase,
  name: StoreName,
  access: "readonly" | Durability,
  work: (store: IDBObjectStore) => IDBRequest<T>,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const transaction =
      access === "readonly" ? database.transaction(name, access) : database.transaction(name, "readwrite", { durability: access });
    const request = work(transaction.objectStore(name));
    transaction.oncomplete = () => resolve(request.result);
    transaction.onabort = () => reject(new Error(`storing in ${name} failed`, { cause: transaction.error }));
    transaction.onerror = () => reject(new Error(`storing in ${name} failed`, { cause: transaction.error }));
  });
}
