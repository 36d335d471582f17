/**
 * The folder that a coordinator's pages lie in, with a closing slash, from its address as people give it: with or without the slash, with a
 * page's name or its query. All that a coordinator serves lies below, also behind a proxy's path.
 */
export function coordinatorFolder(address: string): string {
  const { origin, pathname } = new URL(address);
  const folder = pathname.replace(/\/index\.html$/, "/");
  return `${origin}${folder.endsWith("/") ? folder : `${folder}/`}`;
}

/** Where a coordinator's socket is: socket.io takes a path in the address for one of its namespaces. */
export function socketAddress(address: string): { readonly origin: string; readonly path: string } {
  const { origin, pathname } = new URL("socket.io/", coordinatorFolder(address));
  return { origin, path: pathname };
}
