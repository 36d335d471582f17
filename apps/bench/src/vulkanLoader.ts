import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { runCommand } from "./commands.ts";

/** A Vulkan loader on this machine. */
export interface VulkanLoader {
  readonly library: string;
  readonly licence: string | null;
  /** Where it comes from, in a few words. */
  readonly origin: string;
}

const systemFolders = ["/usr/lib/x86_64-linux-gnu", "/lib/x86_64-linux-gnu", "/usr/lib64", "/usr/lib"];
const licence = "/usr/share/doc/libvulkan1/copyright";

/** libvulkan.so.1 of the system, or out of Debian's package libvulkan1, which is fetched into `workFolder`. */
export async function findVulkanLoader(workFolder: string): Promise<VulkanLoader> {
  const library = systemFolders.map((folder) => join(folder, "libvulkan.so.1")).find((path) => existsSync(path));
  if (library !== undefined) return { library, licence: existsSync(licence) ? licence : null, origin: library };
  try {
    await runCommand("apt-get", ["download", "libvulkan1"], workFolder);
    const file = (await readdir(workFolder)).find((found) => found.endsWith(".deb")) ?? "";
    await runCommand("dpkg-deb", ["--extract", join(workFolder, file), workFolder]);
    return {
      library: join(workFolder, "usr/lib/x86_64-linux-gnu/libvulkan.so.1"),
      licence: join(workFolder, licence),
      origin: file,
    };
  } catch (cause) {
    throw new Error("no Vulkan loader: install libvulkan1 (or your system's libvulkan.so.1) and try again; apt-get could not fetch it", {
      cause,
    });
  }
}
