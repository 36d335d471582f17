import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { isCheckout, projectFolder } from "@tutti/server/checkout";

/** The checkout's commit, with `+` and a hash of the differences where tracked files differ from it; null without git or a checkout. */
export function readCommit(folder: string | null = isCheckout ? projectFolder : null): string | null {
  if (folder === null) return null;
  const git = (...args: string[]) =>
    execFileSync("git", args, { cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"], maxBuffer: 2 ** 28 });
  try {
    const commit = git("rev-parse", "--short=12", "HEAD").trim();
    const differences = git("diff", "HEAD", "--binary");
    return differences === "" ? commit : `${commit}+${createHash("sha256").update(differences).digest("hex").slice(0, 6)}`;
  } catch {
    return null;
  }
}

/** What to say before runs that no commit can make again; null where there is nothing. */
export function commitWarning(commit: string | null): string | null {
  if (commit === null || !commit.includes("+")) return null;
  return `Tracked files differ from the commit, so the report will name ${commit}. Commit them first if you want to cite the results.`;
}
