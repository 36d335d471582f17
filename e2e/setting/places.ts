import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The project's folder. */
export const projectFolder = fileURLToPath(new URL("../..", import.meta.url));

/** What `prepare.ts` makes: pages with the verify page, and a public folder with a tiny backbone and little data. */
export const places = {
  pages: join(projectFolder, "dist/e2e/web"),
  tinyPublic: join(projectFolder, "dist/e2e/public"),
  realPublic: join(projectFolder, "public"),
  runs: join(projectFolder, "dist/e2e/runs"),
};
