import { mkdir, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeRandomBackbone } from "@tutti/lab/randomBackbone";
import { startBackend } from "@tutti/model";
import { projectFolder } from "@tutti/server/checkout";

/** A public folder with the built-in data and backbones of random layers. */
export interface RandomPublic {
  readonly publicDir: string;
  remove(): Promise<void>;
}

/** Backbones of minuet's width, or another one, by name. */
export async function makeRandomPublic(backbones: Readonly<Record<string, { numLayers: number; width?: number }>>): Promise<RandomPublic> {
  const publicDir = await mkdtemp(join(tmpdir(), "tutti-speed-"));
  const remove = () => rm(publicDir, { recursive: true, force: true, maxRetries: 5 });
  const own = (path: string) => join(projectFolder, "public", path);
  try {
    await startBackend("wasm", { threads: 1 }); // computes their admission numbers
    await mkdir(join(publicDir, "backbones"));
    await symlink(own("datasets"), join(publicDir, "datasets"));
    for (const [name, sizes] of Object.entries(backbones))
      await makeRandomBackbone(own("backbones/minuet"), { ...sizes, folder: join(publicDir, "backbones", name) });
    return { publicDir, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}
