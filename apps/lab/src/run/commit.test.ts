import { execFileSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { temporaryFolder } from "@tutti/terminal/testing";
import { expect, onTestFinished, test } from "vitest";
import { commitWarning, readCommit } from "./commit.ts";

test("a checkout is named by its commit, and where files differ also by what differs", async () => {
  const folder = temporaryFolder();
  onTestFinished(() => folder.remove());
  const git = (...args: string[]) => execFileSync("git", args, { cwd: folder.path, encoding: "utf8", stdio: "pipe" });
  const write = (text: string) => writeFile(join(folder.path, "file.txt"), text);
  expect(readCommit(folder.path)).toBeNull();
  git("init", "--quiet");
  await write("one\n");
  git("add", ".");
  git("-c", "user.name=A", "-c", "user.email=a@example.org", "commit", "--quiet", "-m", "one");
  const commit = git("rev-parse", "--short=12", "HEAD").trim();
  expect(readCommit(folder.path)).toBe(commit);
  expect(commitWarning(readCommit(folder.path))).toBeNull();

  await write("two\n");
  const changed = readCommit(folder.path);
  expect(changed).toMatch(new RegExp(`^${commit}\\+[0-9a-f]{6}$`));
  expect(commitWarning(changed)).toContain(`will name ${changed}`);
  await write("three\n");
  expect(readCommit(folder.path)).not.toBe(changed);
  git("add", "."); // what is staged differs from the commit as well
  await write("one\n");
  git("add", ".");
  expect(readCommit(folder.path)).toBe(commit);
});
