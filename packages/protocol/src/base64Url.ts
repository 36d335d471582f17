/** Bytes in the alphabet of addresses, without padding (RFC 4648, section 5); there is no Buffer in browsers. */
export function toBase64Url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}

/** The bytes of `toBase64Url`'s text; null where it is not one. */
export function fromBase64Url(text: string): Uint8Array | null {
  if (!/^[A-Za-z0-9_-]*$/.test(text) || text.length % 4 === 1) return null;
  const bytes = Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (sign) => sign.charCodeAt(0));
  return toBase64Url(bytes) === text ? bytes : null; // bits behind the last byte would make several texts of the same bytes
}
