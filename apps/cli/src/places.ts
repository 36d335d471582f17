import { fileURLToPath } from "node:url";

// a checkout keeps them at its root, an installed command in its own folder
const home = new URL(import.meta.url.endsWith(".ts") ? "../../../" : "../", import.meta.url);

/** The folder that holds the built-in backbones and data sets, as `publicDir` of a coordinator. */
export const publicFolder: string = fileURLToPath(new URL("public", home));

/** The folder of the built pages, as `pagesDir` of a coordinator; in a checkout `npm run build` fills it. */
export const pagesFolder: string = fileURLToPath(new URL("dist/web", home));
