import { renameSync } from "node:fs";
import { mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/** Ends of the names of folders while one takes another's place. */
const ends = { unfinished: ".unfinished", previous: ".previous" } as const;

/** Whether a folder of this name is being made or was moved aside. */
export const isPassing = (name: string): boolean => Object.values(ends).some((end) => name.endsWith(end));

/**
 * Makes a folder beside `folder` and puts it in that one's place when it is whole: what fails or is stopped before leaves what was there, byte for
 * byte. The two renames follow one another without a pause; a machine that goes down between them leaves `NAME.previous`, which `putBack` puts
 * back. `make` is handed the folder to fill. Node only.
 */
export async function replaceFolder<T>(folder: string, make: (unfinished: string) => Promise<T>, move: Move = renameSync): Promise<T> {
  const unfinished = `${folder}.${process.pid}${ends.unfinished}`;
  const previous = `${folder}${ends.previous}`;
  await putBack(folder);
  try {
    for (const left of [...(await leftBehind(folder)), previous]) await rm(left, { recursive: true, force: true });
    await mkdir(unfinished, { recursive: true });
    const made = await make(unfinished);
    exchange({ unfinished, folder, previous }, move);
    await rm(previous, { recursive: true, force: true });
    return made;
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}

type Move = (from: string, to: string) => void;

function exchange({ unfinished, folder, previous }: Readonly<Record<"unfinished" | "folder" | "previous", string>>, move: Move): void {
  const isReplacing = isMoved(() => move(folder, previous));
  try {
    move(unfinished, folder);
  } catch (cause) {
    if (isReplacing) move(previous, folder);
    throw cause;
  }
}

/** False where there was nothing to move. */
function isMoved(move: () => void): boolean {
  try {
    move();
    return true;
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return false;
    throw cause;
  }
}

/** Unfinished folders whose processes have ended; two processes at once do not touch each other's. */
async function leftBehind(folder: string): Promise<string[]> {
  const names = await readdir(dirname(folder)).catch(() => []);
  return names.flatMap((name) => {
    const [, of, pid] = /^(.*?)(?:\.(\d+))?\.unfinished$/.exec(name) ?? [];
    return of === basename(folder) && !isRunning(Number(pid)) ? [join(dirname(folder), name)] : [];
  });
}

function isRunning(pid: number): boolean {
  if (Number.isNaN(pid) || pid === process.pid) return false;
  try {
    return process.kill(pid, 0);
  } catch (cause) {
    return cause instanceof Error && "code" in cause && cause.code === "EPERM";
  }
}

/** Puts a folder back that was moved aside and has no successor; whether there was one. Node only. */
async function putBack(folder: string): Promise<boolean> {
  if ((await stat(folder).catch(() => null)) !== null) return false;
  return rename(`${folder}${ends.previous}`, folder).then(
    () => true,
    () => false, // nothing was moved aside, or the folder may only be read
  );
}

/** The same for every folder below `parent`. Node only. */
export async function putAllBack(parent: string): Promise<void> {
  for (const name of await readdir(parent).catch(() => []))
    if (name.endsWith(ends.previous)) await putBack(join(parent, name.slice(0, -ends.previous.length)));
}
