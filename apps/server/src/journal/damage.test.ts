import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createRandom } from "@tutti/core";
import { afterEach, expect, test } from "vitest";
import { damageKinds, placesIn, whileDamaged } from "../testing/damageFiles.ts";
import { writeLog } from "../testing/loggedRun.ts";
import { temporaryFolder } from "../testing/startTest.ts";
import { inspectLog } from "./inspectLog.ts";
import { openLogStore } from "./logStore.ts";

let folder = temporaryFolder();
afterEach(() => {
  folder.remove();
  folder = temporaryFolder();
});
const plain = { key: null, keepsPrevious: true };
const sealed = { key: { bytes: new Uint8Array(32).fill(5), from: "a test" }, keepsPrevious: true };

/** Looks at a log with damage at some places; each time it must be told, with the entries of one of the moments that were. */
async function expectTold(
  log: string,
  options: typeof plain | typeof sealed,
  about: { readonly seed: number; readonly numPlaces: number },
) {
  const { states } = await writeLog(log, { ...options, numBatches: 8, valueBytes: 40, seed: about.seed });
  const random = createRandom(about.seed).stream({ purpose: "damage" });
  const places = random.shuffle(placesIn(log)).slice(0, about.numPlaces);
  let numLooks = 0;
  for (const [i, place] of places.entries()) {
    const kind = damageKinds[i % damageKinds.length] ?? "flip";
    const found = await whileDamaged(place, { kind, random }, () => inspectLog(log, options.key, true));
    if (found === null) continue;
    numLooks += 1;
    if (found.kind !== "damaged") throw new Error(`${kind} at byte ${place.at} of ${place.path} is not told: ${found.kind}`);
    const { sound } = found.damage;
    if (sound !== null) expect(sound.values).toEqual(states[sound.end.number]);
    else if (!/its header is not|with the records/.test(found.damage.what))
      throw new Error(`${kind} at ${place.at}: nothing sound is left`);
  }
  expect(numLooks).toBeGreaterThan(0.9 * about.numPlaces);
}

test("a flipped bit, a missing end, a zeroed page and foreign bytes are told wherever they are, with the last sound record", async () => {
  await expectTold(join(folder.path, "plain"), plain, { seed: 3, numPlaces: 300 });
});

test("the same of an encrypted log", async () => {
  await expectTold(join(folder.path, "sealed"), sealed, { seed: 4, numPlaces: 120 });
});

test("the last sound record is the one before the damage", async () => {
  const { states } = await writeLog(folder.path, { ...plain, numBatches: 8, valueBytes: 40, seed: 9 });
  const path = join(folder.path, "records-000001.log");
  const bytes = readFileSync(path);
  const begins = [...bytes.toString("latin1").matchAll(/TTJF/g)].map(({ index }) => index);
  expect(begins).toHaveLength(8);
  for (const [i, begin] of begins.entries()) {
    bytes.writeUInt8(bytes.readUInt8(begin + 20) ^ 1, begin + 20);
    writeFileSync(path, bytes);
    const found = await inspectLog(folder.path, null, true);
    bytes.writeUInt8(bytes.readUInt8(begin + 20) ^ 1, begin + 20);
    expect(found).toMatchObject({ kind: "damaged", damage: { sound: { end: { number: i }, values: states[i] }, lastNumber: 8 } });
    expect(found.kind === "damaged" ? found.damage.what : "").toBe(
      `records-000001.log, byte ${begin}: its bytes are not those that were written`,
    );
  }
});

test("a record that was cut while it was written and acknowledged to nobody is dropped, and the log goes on", async () => {
  const { states } = await writeLog(folder.path, { ...plain, numBatches: 3, valueBytes: 40, seed: 1 });
  const path = join(folder.path, "records-000001.log");
  const bytes = readFileSync(path);
  const lastBegins = bytes.lastIndexOf("TTJF");
  // the next record begins as one does, and the process was killed before its end
  writeFileSync(path, Buffer.concat([bytes, bytes.subarray(lastBegins, lastBegins + 30)]));
  const store = await openLogStore(folder.path, plain);
  expect(new Map(store.entries())).toEqual(states[3]);
  store.write([["more", Uint8Array.of(1)]]);
  await store.flushed();
  await store.close();
  const again = await openLogStore(folder.path, plain);
  expect(new Map(again.entries())).toEqual(new Map([...(states[3] ?? []), ["more", Uint8Array.of(1)]]));
  await again.close();
});

test("an older log put back under a newer head is told, and so is a log whose files are gone", async () => {
  const older = join(folder.path, "older");
  await writeLog(older, { ...plain, numBatches: 3, valueBytes: 40, seed: 1 });
  const newer = join(folder.path, "newer");
  await writeLog(newer, { ...plain, numBatches: 3, valueBytes: 40, seed: 2 });
  writeFileSync(join(newer, "records-000001.log"), readFileSync(join(older, "records-000001.log")));
  expect((await inspectLog(newer, null, true)).kind).toBe("damaged");
  rmSync(join(newer, "records-000001.log"));
  expect(await inspectLog(newer, null, true)).toMatchObject({ kind: "damaged", damage: { sound: null, lastNumber: 3 } });
});

test("where a generation's first entries are damaged, the one before is gone back to, at the same record", async () => {
  const { states } = await writeLog(folder.path, { ...plain, numBatches: 40, valueBytes: 60_000, seed: 6 });
  const names = readdirSync(folder.path).filter((name) => name.startsWith("records-"));
  expect(names).toHaveLength(2);
  const path = join(folder.path, names.at(-1) ?? "");
  const bytes = readFileSync(path);
  bytes.writeUInt8(bytes.readUInt8(1000) ^ 4, 1000);
  writeFileSync(path, bytes);
  const found = await inspectLog(folder.path, null, true);
  const number = bytes.readUInt32LE(8 + 16); // the last batch that the damaged generation begins with
  expect(number).toBeGreaterThan(20);
  expect(found).toMatchObject({ kind: "damaged", damage: { sound: { end: { number }, isWhole: true, values: states[number] } } });
});
