import { formatCount } from "@tutti/core";
import type { RunRecord } from "@tutti/record";
import { ExperimentError } from "../experiment/experimentFile.ts";
import type { Experiment } from "../experiment/experimentSchema.ts";
import type { FoundResults, OutFolder, PoolMemory } from "./outFolder.ts";

type Wanted = Experiment["backend"];

/** What runs begin with: what the file asks for, and where it leaves that open what the pool remembers. */
export function backendOfPool(wanted: Wanted, memory: Pick<PoolMemory, "backend"> | null): PoolMemory["backend"] {
  return wanted === "auto" ? (memory?.backend ?? "auto") : wanted;
}

/** Whether a result is of the backend that the file asks for. */
export function isOnBackend(wanted: Wanted, { backend }: Pick<RunRecord, "backend">): boolean {
  return wanted === "auto" || backend === wanted;
}

/**
 * Throws an ExperimentError where some of these runs were made on another backend than the file asks for, or begun on it: an id does not tell
 * backends apart, so they would count as the file's.
 */
export function requireBackend(
  { path }: Pick<OutFolder, "path">,
  wanted: Wanted,
  { runs, unfinished }: Pick<FoundResults, "runs" | "unfinished">,
  { ids, remembered }: { readonly ids: ReadonlySet<string>; readonly remembered: PoolMemory["backend"] | null },
): void {
  const made = [...runs]
    .filter(([id, run]) => ids.has(id) && run.error === null && !isOnBackend(wanted, run))
    .map(([, run]) => run.backend);
  const isRememberedOther = remembered !== null && remembered !== "auto" && !isOnBackend(wanted, { backend: remembered });
  const begun = isRememberedOther ? unfinished.filter((id) => ids.has(id)).map(() => remembered) : [];
  const others = [...made, ...begun];
  if (others.length === 0) return;
  const names = [...new Set(others)].join(" and ");
  throw new ExperimentError(
    `backend: found ${wanted}, but ${formatCount(others.length, "run")} in ${path} ${others.length === 1 ? "was" : "were"} made on ${names}; ` +
      `give another --out (and --reuse ${path} to use the results made on ${wanted}), or write backend: ${[...new Set(others)].join(" or ")}`,
  );
}
