import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { runCommand } from "../commands.ts";
import { installedOf, openOlderCheckout } from "./olderCheckout.ts";

let project = "";
let first = "";
const git = (...args: string[]) => runCommand("git", ["-c", "user.name=A", "-c", "user.email=a@b.test", ...args], project);
const lock = (asks: string) =>
  JSON.stringify({ packages: { "apps/one": { dependencies: { thing: asks } }, "node_modules/thing": { version: "1.2.3" } } });
const exists = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  );

beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), "tutti-project-"));
  await git("init", "--quiet");
  await writeFile(join(project, ".gitignore"), "node_modules\n");
  await writeFile(join(project, "package-lock.json"), lock("*"));
  await writeFile(join(project, "text"), "older");
  await git("add", ".");
  await git("commit", "--quiet", "--message", "first");
  first = (await git("rev-parse", "HEAD")).trim();
  await writeFile(join(project, "text"), "newer");
  await writeFile(join(project, "package-lock.json"), lock("1.2.3"));
  await git("commit", "--quiet", "--all", "--message", "second");
  await mkdir(join(project, "node_modules/thing"), { recursive: true });
  await writeFile(join(project, "node_modules/thing/index.js"), "module.exports = 7;");
});
afterAll(() => rm(project, { recursive: true, force: true }));
afterEach(() => vi.unstubAllEnvs());

test("an older commit is laid out with the same packages as the project's, and is gone afterwards", async () => {
  const older = await openOlderCheckout(project, "HEAD~1");
  expect(older.commit).toBe(first);
  expect(await readFile(join(older.folder, "text"), "utf8")).toBe("older");
  expect(await readFile(join(project, "text"), "utf8")).toBe("newer");
  const file = "node_modules/thing/index.js";
  expect((await stat(join(older.folder, file))).ino).toBe((await stat(join(project, file))).ino);
  expect(await git("worktree", "list")).toContain(older.folder);
  await older.remove();
  expect(await exists(older.folder)).toBe(false);
  expect((await git("worktree", "list")).trim().split("\n")).toHaveLength(1);
  expect(await readFile(join(project, file), "utf8")).toContain("7");
});

test("a commit that git does not know, and a stop, leave nothing behind", async () => {
  const temporary = join(project, "node_modules/temporary");
  await mkdir(temporary);
  vi.stubEnv("TMPDIR", temporary);
  await expect(openOlderCheckout(project, "nowhere")).rejects.toThrow("--against nowhere: git knows no such commit");
  await expect(openOlderCheckout(project, "--help")).rejects.toThrow("git knows no such commit");
  const stopped = AbortSignal.abort(new Error("stopped by SIGINT"));
  await expect(openOlderCheckout(project, first, stopped)).rejects.toThrow("stopped by SIGINT");
  expect((await git("worktree", "list")).trim().split("\n")).toHaveLength(1);
  expect(await readdir(temporary)).toEqual([]);
});

test("lock files are alike when they install the same, whoever asks for it", () => {
  expect(installedOf(lock("*"))).toBe(installedOf(lock("1.2.3")));
  expect(installedOf(lock("*"))).not.toBe(installedOf(lock("*").replace(`"version":"1.2.3"`, `"version":"1.2.4"`)));
});
