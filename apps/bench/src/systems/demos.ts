import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensurePages, projectFolder } from "@tutti/server/checkout";
import { attempt } from "../attempts.ts";
import { runCommand } from "../commands.ts";
import { type BenchRow, row } from "../rows.ts";
import type { SpeedAsked } from "../speed/speedAsked.ts";

const systems = ["fedpt", "fedpipe"] as const;
const goal = { atMost: 240 };

/** How long the demo of each system takes, whole command, pages built. */
export async function systemDemoRows({ say, signal }: Pick<SpeedAsked, "say" | "signal">): Promise<BenchRow[]> {
  await ensurePages(say);
  const rows: BenchRow[] = [];
  for (const system of systems) {
    signal.throwIfAborted();
    const name = `demo --system ${system}, whole command`;
    say(`measuring ${name} …`);
    rows.push(...(await attempt({ name, unit: "s", goal }, async () => [row(name, await timeDemo(system), "s", goal)])));
  }
  return rows;
}

async function timeDemo(system: (typeof systems)[number]): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), "tutti-systems-"));
  try {
    const start = performance.now();
    await runCommand(
      process.execPath,
      [join(projectFolder, "apps/cli/bin/tutti.mjs"), "demo", "--system", system, "--out", folder],
      projectFolder,
    );
    return (performance.now() - start) / 1000;
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
