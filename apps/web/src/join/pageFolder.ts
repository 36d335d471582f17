/** The folder that this page was loaded from, with a closing slash: everything that it asks for lies below, also behind a proxy's path. */
export function pageFolder(): string {
  return new URL("./", document.baseURI).href;
}
