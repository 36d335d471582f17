/** What one request needs. */
interface FetchFileOptions {
  readonly url: string;
  readonly fetch: typeof globalThis.fetch;
  /** Asks for a fresh copy, past the browser's own cache. */
  readonly isRetry: boolean;
  /** More than this is refused while it arrives. */
  readonly maxBytes: number;
  readonly signal: AbortSignal;
  /** Bytes received so far. */
  readonly onBytes: (doneBytes: number) => void;
}

/** Fetches a file as bytes; throws a sentence that names the address. */
export async function fetchFile({ url, fetch, isRetry, maxBytes, signal, onBytes }: FetchFileOptions): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetch(url, { signal, ...(isRetry ? { cache: "reload" as const } : {}) });
  if (!response.ok) throw new Error(`the server answered ${response.status} for ${url}`);
  if (response.body === null) return new Uint8Array(await response.arrayBuffer());
  const reader = response.body.getReader();
  const chunks: Uint8Array[] = [];
  let numBytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    chunks.push(value);
    numBytes += value.length;
    if (numBytes > maxBytes) {
      await reader.cancel();
      throw new Error(`${url} has more than the expected ${maxBytes} bytes`);
    }
    onBytes(numBytes);
  }
  return concatenate(chunks);
}

/** The chunks one after the other in a new array. */
export function concatenate(chunks: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
