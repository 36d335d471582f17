import { access, rename, rm } from "node:fs/promises";

/** Where a folder waits while another takes its place. */
const replacedEnding = ".replaced";

/** Puts a finished folder in the place of `folder`. What was there is deleted last, and comes back when the change fails. */
export async function replaceFolder(finished: string, folder: string): Promise<void> {
  const replaced = `${folder}${replacedEnding}`;
  await restoreFolder(folder);
  const hadOne = await isThere(folder);
  if (hadOne) await rename(folder, replaced);
  try {
    await rename(finished, folder);
  } catch (cause) {
    if (hadOne) await rename(replaced, folder);
    throw cause;
  }
  await rm(replaced, { recursive: true, force: true });
}

/** Brings back what a process that ended between the two renames left aside, and deletes what one left that ended just after. */
export async function restoreFolder(folder: string): Promise<void> {
  const replaced = `${folder}${replacedEnding}`;
  if (!(await isThere(replaced))) return;
  if (await isThere(folder)) await rm(replaced, { recursive: true });
  else await rename(replaced, folder);
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
