import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommand } from "../commands.ts";

/** An older commit of the project, laid out in a temporary folder. */
export interface OlderCheckout {
  readonly folder: string;
  readonly commit: string;
  /** Removes the folder, and git's note of it. */
  remove(): Promise<void>;
}

/** Lays a commit of `project` out in a temporary folder, with its packages. Throws, and leaves nothing behind, where the commit is unknown or the signal fires. */
export async function openOlderCheckout(project: string, commit: string, signal?: AbortSignal): Promise<OlderCheckout> {
  const git = (...args: string[]) => runCommand("git", args, project);
  const hash = await git("rev-parse", "--verify", "--quiet", "--end-of-options", `${commit}^{commit}`).catch((cause) => {
    throw new Error(`--against ${commit}: git knows no such commit in ${project}; give a hash, a branch or a tag`, { cause });
  });
  const parent = await mkdtemp(join(tmpdir(), "tutti-against-"));
  const folder = join(parent, "checkout");
  const remove = async () => {
    await rm(parent, { recursive: true, force: true, maxRetries: 5 });
    await git("worktree", "prune");
  };
  try {
    await git("worktree", "add", "--detach", "--quiet", folder, hash.trim());
    signal?.throwIfAborted();
    await bringPackages(project, folder);
    signal?.throwIfAborted();
    return { folder, commit: hash.trim(), remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** The same packages are the same files; other ones, or those on another disk, are installed. */
async function bringPackages(project: string, folder: string): Promise<void> {
  const [ours, theirs] = await Promise.all(
    [project, folder].map((place) => readFile(join(place, "package-lock.json"), "utf8").catch(() => null)),
  );
  if (theirs == null) return;
  const from = join(project, "node_modules");
  if (ours != null && installedOf(ours) === installedOf(theirs) && (await linkFiles(from, join(folder, "node_modules")))) return;
  await runCommand("npm", ["ci", "--no-audit", "--no-fund", "--prefer-offline"], folder);
}

/** What a lock file puts under node_modules; workspaces may ask for it in other ways. */
export function installedOf(lockFile: string): string {
  const { packages = {} } = JSON.parse(lockFile) as { packages?: Readonly<Record<string, unknown>> };
  const installed = Object.entries(packages).filter(([path]) => path.startsWith("node_modules/"));
  return JSON.stringify(installed.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Hard links: no bytes are copied, and what is resolved from a file lies beside it. Whether it worked; what was begun is gone otherwise. */
async function linkFiles(from: string, to: string): Promise<boolean> {
  try {
    await runCommand("cp", ["--archive", "--link", from, to]);
    return true;
  } catch {
    await rm(to, { recursive: true, force: true });
    return false;
  }
}
