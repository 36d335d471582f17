/** What a browser says of its machine. */
export interface MemorySigns {
  readonly userAgent: string;
  readonly maxTouchPoints?: number;
  /** In gigabytes, rounded down to a power of two and at most 8; Chromium alone says it. */
  readonly deviceMemory?: number;
}

/** Gigabytes up to which a page must be sparing with memory. */
const smallGigabytes = 4;

/**
 * Whether a page has little memory. Safari does not say how much there is: on iPhones and iPads a page that takes more than a part of it is closed
 * without a word, so they count as small, and so does every phone that says nothing.
 */
export function hasLittleMemory({ userAgent, maxTouchPoints = 0, deviceMemory }: MemorySigns): boolean {
  if (deviceMemory !== undefined) return deviceMemory <= smallGigabytes;
  const isTouchMac = /Macintosh/.test(userAgent) && maxTouchPoints > 1; // iPads say that they are Macs, which have no touch screens
  return isTouchMac || /iPhone|iPad|iPod|Android/.test(userAgent);
}
