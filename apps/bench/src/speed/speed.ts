import { ensurePages, projectFolder } from "@tutti/server/checkout";
import { attempt } from "../attempts.ts";
import { runCommand } from "../commands.ts";
import { type SpeedGroup, speedGroups } from "../names.ts";
import type { BenchRow } from "../rows.ts";
import { benchDemoSteps } from "./demoSteps.ts";
import { benchDemoTurns } from "./demoTurns.ts";
import { benchFull, benchMethods } from "./methods.ts";
import { openOlderCheckout } from "./olderCheckout.ts";
import { benchPage } from "./pageTurns.ts";
import type { SpeedAsked, SpeedPlace } from "./speedAsked.ts";
import { benchThreads } from "./threadTurns.ts";
import { benchWorkerSize } from "./workerSize.ts";

const measures: Readonly<Record<SpeedGroup, (place: SpeedPlace) => Promise<BenchRow[]>>> = {
  step: benchDemoSteps,
  page: benchPage,
  threads: benchThreads,
  methods: benchMethods,
  full: benchFull,
  worker: benchWorkerSize,
  demo: benchDemoTurns,
};

/** Groups that need the pages of both checkouts. */
const withPages: ReadonlySet<SpeedGroup> = new Set(["page", "threads", "worker", "demo"]);

/** How fast a run is, before and now: where a commit is given, its checkout takes turns with this one. */
export async function benchSpeed({ against, only, isQuick, say, signal }: SpeedAsked): Promise<BenchRow[]> {
  const groups = speedGroups.filter((group) => only.length === 0 || only.includes(group));
  if (against !== null) say(`laying out ${against} …`);
  const older = against === null ? null : await openOlderCheckout(projectFolder, against, signal);
  try {
    const place: SpeedPlace = { now: projectFolder, before: older?.folder ?? null, isQuick, say, signal };
    if (groups.some((group) => withPages.has(group))) await buildBoth(place);
    const rows: BenchRow[] = [];
    for (const group of groups) {
      say(`measuring ${group} …`);
      const found = await attempt({ name: group, unit: "", goal: { atLeast: 1 } }, () => measures[group](place));
      signal.throwIfAborted();
      rows.push(...found);
    }
    return rows;
  } finally {
    if (older !== null) await older.remove();
  }
}

/** The older checkout builds its pages with its own script. */
async function buildBoth({ before, say, signal }: SpeedPlace): Promise<void> {
  await ensurePages(say);
  signal.throwIfAborted();
  if (before === null) return;
  say("building the older checkout's pages …");
  const build = 'await (await import("./scripts/build-pages.mjs")).buildPages()';
  await runCommand(process.execPath, ["--input-type=module", "--eval", build], before);
}
