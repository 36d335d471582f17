import { execFileSync } from "node:child_process";
import { projectFolder } from "../demo/scripts.ts";

/** The checkout's commit, with `+` where tracked files differ from it; null without git. */
export function readCommit(folder = projectFolder): string | null {
  const git = (...args: string[]) =>
    execFileSync("git", args, { cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  try {
    const commit = git("rev-parse", "--short=12", "HEAD");
    return git("status", "--porcelain", "--untracked-files=no") === "" ? commit : `${commit}+`;
  } catch {
    return null;
  }
}
