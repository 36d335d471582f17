import { execFile } from "node:child_process";
import { mkdir, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { damageKinds, inspectLog, lmdbStore, openLogStore, placesIn, startKillable, whileDamaged, writeLog } from "@tutti/server/testing";
import { type BenchRow, missingRow, row } from "../rows.ts";
import { childConfig, createCrowd, drawsFor, orAborted } from "./faultScene.ts";
import type { TorturePlace } from "./part.ts";

/** Damage at every byte of a journal; a disk that is full for a while; a wall clock that jumps. */
export async function diskRows(place: TorturePlace): Promise<BenchRow[]> {
  return [...(await damageRows(place)), ...(await processRows(place)), ...(await costRows(place))];
}

/** Each of four kinds of damage at every byte of two generations and the head, in clear and encrypted. */
async function damageRows({ folder, seed, signal, say }: TorturePlace): Promise<BenchRow[]> {
  let [numDamages, numSilent, numOther] = [0, 0, 0];
  for (const key of [null, { bytes: new Uint8Array(32).fill(7), from: "torture" }]) {
    const log = join(folder, key === null ? "plain" : "sealed");
    const { states } = await writeLog(log, { key, keepsPrevious: true, numBatches: 12, valueBytes: 60, seed });
    const random = drawsFor(seed, "damage");
    for (const kind of damageKinds) {
      say(`${kind} at every byte`);
      for (const place of placesIn(log)) {
        if (signal.aborted) break;
        const found = await whileDamaged(place, { kind, random }, () => inspectLog(log, key, true));
        if (found === null) continue;
        numDamages += 1;
        if (found.kind !== "damaged") numSilent += 1;
        else if (found.damage.sound !== null && !isSame(found.damage.sound.values, states[found.damage.sound.end.number])) numOther += 1;
      }
    }
  }
  return [
    row("damages of a journal, four kinds at every byte", numDamages, "", { atLeast: 8000 }),
    row("damages that are not told", numSilent, "", { atMost: 0 }),
    row("last sound records with other entries than were written", numOther, "", { atMost: 0 }),
  ];
}

function isSame(a: ReadonlyMap<string, Uint8Array>, b: ReadonlyMap<string, Uint8Array> = new Map()): boolean {
  return a.size === b.size && [...a].every(([key, value]) => Buffer.from(value).equals(Buffer.from(b.get(key) ?? [])));
}

/** A preloaded module under which every look at the wall clock is up to twenty years off. */
const jumpingClock = `data:text/javascript,${encodeURIComponent(
  "const now = Date.now; let n = 0; Date.now = () => Math.round(now() + ((n = (n * 69069 + 1) % 4294967296) / 4294967296 - 0.5) * 1.2e12);",
)}`;

/** The coordinator in its own process: calm, with files that may not grow for a while, and with a clock that jumps. */
async function processRows({ folder, signal, say }: TorturePlace): Promise<BenchRow[]> {
  const calm = await runChild(join(folder, "calm-disk"), { signal });
  say("the disk is full");
  const full = await runChild(join(folder, "full"), { signal, isDiskFull: true });
  say("the clock jumps");
  const jumping = await runChild(join(folder, "clock"), { signal, nodeOptions: ["--import", jumpingClock] });
  const other = (run: { parametersSha256: string }) => (run.parametersSha256 === calm.parametersSha256 ? 0 : 1);
  const fullRows =
    full.numFull === null
      ? [missingRow("times that the disk was full", "", "prlimit is not there", { atLeast: 1 })]
      : [
          row("times that the disk was full", full.numFull, "", { atLeast: 1 }),
          row("contributions accepted while it was full", full.numAcceptedWhileFull, "", { atMost: 0 }),
        ];
  return [
    ...fullRows,
    row("disk full: other bits than a calm run", other(full), "", { atMost: 0 }),
    row("clock jumps: other bits than a calm run", other(jumping), "", { atMost: 0 }),
    row("clock jumps: steps that were repeated", jumping.steps.filter((step) => !step.includes(".1 ")).length, "", { atMost: 0 }),
  ];
}

interface Child {
  readonly signal: AbortSignal;
  readonly isDiskFull?: boolean;
  readonly nodeOptions?: readonly string[];
}

async function runChild(folder: string, { signal, isDiskFull = false, nodeOptions = [] }: Child) {
  await mkdir(folder, { recursive: true });
  const coordinator = await startKillable({ ...(await childConfig(folder)), nodeOptions });
  const crowd = createCrowd(coordinator.url);
  let [numFull, numAcceptedWhileFull, isFull]: [number | null, number, boolean] = [0, 0, false];
  coordinator.onMessage((message) => {
    if (message.kind === "accepted" && isFull) numAcceptedWhileFull += 1;
    if (message.kind === "said" && message.message?.includes("is full") === true && !isFull) {
      isFull = true;
      numFull = (numFull ?? 0) + 1;
      setTimeout(() => {
        isFull = false;
        void limitFiles(coordinator.pid, "unlimited");
      }, 1500);
    }
    if (isDiskFull && message.kind === "planned" && message.position.startsWith("train 2.")) {
      void journalBytes(folder)
        .then((bytes) => limitFiles(coordinator.pid, String(bytes + 600)))
        .catch(() => {
          numFull = null;
        });
    }
  });
  try {
    for (const name of ["a", "b", "c"]) await crowd.join(name).when("welcome");
    const done = await orAborted(signal, coordinator.whenDone());
    return { ...done, numFull, numAcceptedWhileFull };
  } finally {
    crowd.close();
    await coordinator.stop();
  }
}

/** The largest file of the journal. */
async function journalBytes(folder: string): Promise<number> {
  const journal = join(folder, "tortured", "journal");
  const sizes = await Promise.all((await readdir(journal)).map(async (name) => (await stat(join(journal, name))).size));
  return Math.max(...sizes);
}

/** Files of a process may grow to this number of bytes (util-linux's prlimit), as on a disk without more space. */
async function limitFiles(pid: number, numBytes: string): Promise<void> {
  await promisify(execFile)("prlimit", ["--pid", String(pid), `--fsize=${numBytes}:unlimited`]);
}

/** What the chain and encryption cost beside a store without either, taken in turns: the acknowledgement of a contribution. */
async function costRows({ folder, say }: TorturePlace): Promise<BenchRow[]> {
  say("what the chain and encryption cost");
  const key = { bytes: new Uint8Array(32).fill(3), from: "torture" };
  const stores = {
    unchained: (path: string) => lmdbStore(path),
    chained: (path: string) => openLogStore(path, { key: null, keepsPrevious: true }),
    sealed: (path: string) => openLogStore(path, { key, keepsPrevious: true }),
  };
  const times: Record<keyof typeof stores, number[]> = { unchained: [], chained: [], sealed: [] };
  for (let turn = 0; turn < 6; turn++) {
    for (const name of Object.keys(stores) as (keyof typeof stores)[]) {
      const store = await stores[name](join(folder, `cost-${name}-${turn}`));
      for (let i = 0; i < 60; i++) {
        const start = performance.now();
        store.write([[`contribution/${i % 10}`, new Uint8Array(contributionBytes).fill(i)]]);
        await store.flushed();
        if (i >= 10) times[name].push(performance.now() - start);
      }
      await store.close();
    }
  }
  const [before, now, sealed] = [quartile(times.unchained), quartile(times.chained), quartile(times.sealed)];
  return [
    row("acknowledgement of a contribution of 60 kB, chained", now, "ms"),
    row("more than in LMDB without a chain", now - before, "ms", { atMost: 1 }),
    row("more where it is encrypted", sealed - now, "ms", { atMost: 1 }),
  ];
}

const contributionBytes = 60_000;

/** A quarter is faster: other work of the machine tells less there than in the middle. */
function quartile(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 4)] ?? Number.NaN;
}
