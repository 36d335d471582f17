import type { ClassificationTask, Example } from "@tutti/data";
import type { ExamplesShelf, KeptExamples } from "./ownExamples.ts";

const databaseName = "tutti-examples";
const storeName = "tables";

/** The name of a place: where the run's pages lie, which numbered tab it is, and the task with its classes. */
export function placeOfExamples(folder: string, tab: string, { name, classes }: Pick<ClassificationTask, "name" | "classes">): string {
  return JSON.stringify([new URL(folder).pathname, tab, name, classes]);
}

/** Keeps the table of a place, which names the run's path, its task and classes, in a database of this browser. */
export function keptExamples(place: string): ExamplesShelf {
  return {
    read: async () => keptIn(await inStore("readonly", (store) => store.get(place))),
    write: async (kept) => void (await inStore("readwrite", (store) => store.put(kept, place))),
    clear: async () => void (await inStore("readwrite", (store) => store.delete(place))),
  };
}

async function inStore(mode: IDBTransactionMode, work: (store: IDBObjectStore) => IDBRequest): Promise<unknown> {
  const database = await open();
  try {
    return await new Promise((resolve, reject) => {
      const transaction = database.transaction(storeName, mode);
      const request = work(transaction.objectStore(storeName));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = () => reject(new Error(`${databaseName} could not be used`, { cause: transaction.error }));
    });
  } finally {
    database.close();
  }
}

function open(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(databaseName, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(storeName);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(new Error(`${databaseName} was not opened`, { cause: request.error }));
  });
}

/** Null where something else lies there. */
function keptIn(value: unknown): KeptExamples | null {
  if (typeof value !== "object" || value === null || !("examples" in value) || !("identity" in value)) return null;
  const { examples, identity } = value;
  const isIdentity = identity === null || typeof identity === "string";
  return Array.isArray(examples) && examples.every(isExample) && isIdentity ? { examples, identity } : null;
}

function isExample(value: unknown): value is Example {
  return (
    typeof value === "object" &&
    value !== null &&
    "text" in value &&
    typeof value.text === "string" &&
    "label" in value &&
    Number.isInteger(value.label)
  );
}
