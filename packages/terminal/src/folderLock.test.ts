import { type ChildProcess, fork } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { FolderLockError, lockFolder } from "./folderLock.ts";
import type { LockAnswer, LockOrder } from "./testing/lockChild.ts";
import { temporaryFolder } from "./testing/temporaryFolder.ts";

let folder: ReturnType<typeof temporaryFolder>;
let path: string;
const children: ChildProcess[] = [];
beforeEach(() => {
  folder = temporaryFolder();
  path = join(folder.path, "lock");
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  folder.remove();
});

const deadPid = 2_147_483_646; // above any process number

const answerOf = (child: ChildProcess) => new Promise<LockAnswer>((resolve) => child.once("message", resolve));
const tell = (child: ChildProcess, order: LockOrder) => {
  const answered = answerOf(child);
  child.send(order);
  return answered;
};

async function contender(): Promise<ChildProcess> {
  const child = fork(fileURLToPath(new URL("./testing/lockChild.ts", import.meta.url)), { execArgv: ["--import", "tsx"] });
  children.push(child);
  await answerOf(child);
  return child;
}

/** All try at one moment; exactly one gets the folder, and the file says who. */
async function race(contenders: readonly ChildProcess[]): Promise<ChildProcess> {
  const order = { folder: folder.path, atMs: Date.now() + 4 };
  const answers = await Promise.all(contenders.map((child) => tell(child, order)));
  expect(answers.filter((answer) => answer === "taken")).toHaveLength(1);
  const winner = contenders[answers.indexOf("taken")];
  if (winner === undefined) throw new Error("nobody won");
  expect(Number.parseInt(readFileSync(path, "utf8"), 10)).toBe(winner.pid);
  return winner;
}

test("of several processes that find the same dead one's lock exactly one takes the folder, every time", async () => {
  const contenders = await Promise.all([contender(), contender(), contender(), contender()]);
  const left = [`${deadPid} 0123456789abcdef01234567\n`, String(deadPid), "", "torn\0", null];
  for (let round = 0; round < 100; round++) {
    const text = left[round % left.length] ?? null;
    if (text !== null) writeFileSync(path, text);
    const winner = await race(contenders);
    expect(await tell(winner, "giveBack")).toBe("givenBack");
    expect(readdirSync(folder.path)).toEqual([]);
  }
  const winner = await race(contenders);
  const died = new Promise((resolve) => winner.once("exit", resolve));
  winner.kill("SIGKILL");
  await died;
  await race(contenders.filter((child) => child !== winner));
}, 60_000);

test("a process that died between two steps of a takeover is followed by the next", () => {
  const [first, second] = ["a".repeat(24), "b".repeat(24)];
  writeFileSync(path, `${deadPid} ${first}\n`);
  writeFileSync(`${path}.after-${first}`, `${deadPid} ${second}\n`);
  writeFileSync(`${path}.draft-${second}`, `${deadPid} ${second}\n`);
  const giveBack = lockFolder(folder.path, "choose another run");
  expect(readdirSync(folder.path)).toEqual(["lock"]);
  giveBack();
  expect(readdirSync(folder.path)).toEqual([]);
  // The dead one's lock is the first of the chain; whoever lives is at its end.
  writeFileSync(path, `${deadPid} ${first}\n`);
  writeFileSync(`${path}.after-${first}`, `${process.ppid} ${second}\n`);
  expect(() => lockFolder(folder.path, "choose another run")).toThrow(`is in use by process ${process.ppid}`);
});

test("one process does not take a folder twice, takes it again once it gave it back, and gives back only what it has", () => {
  const giveBack = lockFolder(folder.path, "choose another run");
  expect(() => lockFolder(folder.path, "give another --out")).toThrow(FolderLockError);
  expect(() => lockFolder(folder.path, "give another --out")).toThrow(
    `${folder.path} is in use by process ${process.pid}: stop that process, or give another --out (if ${process.pid} is another program, remove ${path})`,
  );
  expect(readdirSync(folder.path)).toEqual(["lock"]);
  giveBack();
  const again = lockFolder(folder.path, "choose another run");
  giveBack();
  expect(existsSync(path)).toBe(true);
  again();
  // A process of the same number that died, such as the first one of a container.
  writeFileSync(path, `${process.pid} ${"c".repeat(24)}\n`);
  lockFolder(folder.path, "choose another run")();
  expect(readdirSync(folder.path)).toEqual([]);
});

test("claims without a word, as crashes leave them, are followed like any other, and a circle of claims is told", () => {
  writeFileSync(path, "");
  writeFileSync(`${path}.after-none`, "");
  writeFileSync(`${path}.after-none-1`, `${deadPid}\n`);
  const unlock = lockFolder(folder.path, "choose another run");
  expect(readdirSync(folder.path)).toEqual(["lock"]);
  expect(() => lockFolder(folder.path, "choose another run")).toThrow(`in use by process ${process.pid}`);
  unlock();
  writeFileSync(path, `${deadPid} aa\n`);
  writeFileSync(`${path}.after-aa`, `${deadPid} aa\n`);
  expect(() => lockFolder(folder.path, "choose another run")).toThrow(
    new FolderLockError(`the files ${path}* name each other in a circle: remove them if no process uses the folder`),
  );
});
