import { randomBytes } from "node:crypto";
import { linkSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isAlive } from "./processes.ts";

/** Who has a folder, or had it when it died: a line of its process number and of a word that no other claim has. */
interface Claim {
  readonly pid: number;
  readonly word: string;
}

/** A folder that cannot be had; the message says who has it and what to do. */
export class FolderLockError extends Error {
  override readonly name = "FolderLockError";
}

/** Claims of this process: a number alone may be that of a process that died, as the first of a container has the same one each time. */
const ownWords = new Set<string>();

/**
 * Keeps a folder for this process; throws a FolderLockError while another process that lives has it, or this one already, and the system's error where
 * the folder takes no files. Returns what gives it back.
 *
 * The file `lock` holds the first claim, and `lock.after-WORD` the claim that follows a dead one. Whoever finds the last claim of the chain dead
 * makes the file that follows it, which only one can; it has the folder if its claim is still the end of the chain that starts at `lock`, and then
 * writes its claim over `lock`. Nobody else ever removes or replaces `lock`, so a chain that was left behind cannot be taken for the present one.
 *
 * Not the library proper-lockfile (4.1.2), which tells a dead owner by the age of a folder: of four processes that met at a dead one's lock, two had
 * it in 49 of 200 tries (each removes what it found too old, also a lock that another has just made); a lock that SIGKILL left was free after 8.8 s;
 * a process that slept for 11 s lost its lock and went on; and the error does not say who has it.
 */
export function lockFolder(folder: string, instead: string): () => void {
  const path = join(folder, "lock");
  const own: Claim = { pid: process.pid, word: randomBytes(12).toString("hex") };
  const draft = `${path}.draft-${own.word}`;
  writeFileSync(draft, textOf(own), { flag: "wx" });
  ownWords.add(own.word);
  try {
    while (!isTaken(path, draft, (last) => sentence(folder, path, last, instead)));
    renameSync(draft, path); // does nothing where `lock` is the draft's second name already
    removeLeftovers(folder);
  } catch (error) {
    ownWords.delete(own.word);
    rmSync(draft, { force: true });
    throw error;
  }
  return () => giveBack(path, own);
}

/** Tries once to put a claim at the end of the chain; false where another process was faster, so that it must be looked at again who that is. */
function isTaken(path: string, draft: string, refusal: (last: Claim) => string): boolean {
  const last = lastOf(path);
  if (last !== null && lives(last)) throw new FolderLockError(refusal(last));
  const place = last === null ? path : afterPath(path, last);
  if (!isMade(draft, place)) return false;
  if (lastOf(path)?.word === claimIn(draft)?.word) return true;
  if (place !== path) rmSync(place, { force: true }); // the folder was given back meanwhile
  return false;
}

function giveBack(path: string, own: Claim): void {
  if (!ownWords.delete(own.word)) return;
  if (claimIn(path)?.word === own.word) rmSync(path, { force: true });
}

/** The claim that counts: the end of the chain that starts at `lock`; null where there is none. */
function lastOf(path: string): Claim | null {
  const words = new Set<string>();
  let last = claimIn(path);
  while (last !== null) {
    words.add(last.word);
    // One without a word, as a crash leaves it, must not lead to itself.
    const next = claimIn(afterPath(path, last), `none-${words.size}`);
    if (next === null) return last;
    if (words.has(next.word))
      throw new FolderLockError(`the files ${path}* name each other in a circle: remove them if no process uses the folder`);
    last = next;
  }
  return null;
}

function claimIn(path: string, wordless = "none"): Claim | null {
  try {
    const text = readFileSync(path, "utf8");
    const [pid = "", word = ""] = text.split(/\s+/);
    // Earlier versions wrote no word, and a power cut may have left nothing at all.
    return { pid: Number(pid), word: /^[0-9a-f]+$/.test(word) ? word : wordless };
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  }
}

function lives({ pid, word }: Claim): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  return pid === process.pid ? ownWords.has(word) : isAlive(pid);
}

/** Gives a whole file a second name; false where that name is taken. */
function isMade(draft: string, place: string): boolean {
  try {
    linkSync(draft, place);
    return true;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : null;
    if (code === "EEXIST") return false;
    if (code === "EPERM" || code === "ENOTSUP" || code === "ENOSYS") return isCopied(draft, place);
    throw error;
  }
}

/** The same on a file system without hard links, where another process may see the file before it is whole. */
function isCopied(draft: string, place: string): boolean {
  try {
    writeFileSync(place, readFileSync(draft), { flag: "wx" });
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  }
}

/** Other names of this process's claim, and claims of the dead, which no chain leads to any more. Those of others that live are theirs to remove. */
function removeLeftovers(folder: string): void {
  for (const name of readdirSync(folder)) {
    if (!name.startsWith("lock.after-") && !name.startsWith("lock.draft-")) continue;
    const claim = claimIn(join(folder, name));
    if (claim !== null && (claim.pid === process.pid || !lives(claim))) rmSync(join(folder, name), { force: true });
  }
}

const textOf = ({ pid, word }: Claim) => `${pid} ${word}\n`;
const afterPath = (path: string, { word }: Claim) => `${path}.after-${word}`;

function sentence(folder: string, path: string, { pid }: Claim, instead: string): string {
  return `${folder} is in use by process ${pid}: stop that process, or ${instead} (if ${pid} is another program, remove ${path})`;
}
