import { ed25519 } from "@noble/curves/ed25519.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { fromBase64Url, toBase64Url } from "./base64Url.ts";

/** What a proof is for: this coordinator, and this connection alone. */
export interface ProofPurpose {
  /** Host, and port where there is one, of the address under which the client knows the coordinator. */
  readonly audience: string;
  /** The socket's id, which the coordinator draws for each connection. */
  readonly challenge: string;
}

/** Who a client is to coordinators: a public key, and the proof that its private half is here. */
export interface ClientIdentity {
  /** `id-` and the Ed25519 public key in base64url. */
  readonly clientKey: string;
  /** What `hello` says of it (P-100). */
  prove(purpose: ProofPurpose): { readonly clientKey: string; readonly audience: string; readonly proof: string };
}

const encoder = new TextEncoder();
const prefix = "id-";

/**
 * The key pair that follows from a client's secret (RFC 8032, with the SHA-256 of the secret as the private key), so that whoever kept the secret
 * of an earlier version is known by the same key from now on.
 */
export function clientIdentity(secret: string): ClientIdentity {
  const privateKey = sha256(encoder.encode(`tutti client key\n${secret}`));
  const clientKey = `${prefix}${toBase64Url(ed25519.getPublicKey(privateKey))}`;
  return {
    clientKey,
    prove: (purpose) => ({
      clientKey,
      audience: purpose.audience,
      proof: toBase64Url(ed25519.sign(proofBytes(clientKey, purpose), privateKey)),
    }),
  };
}

/** What a client signs to prove that a key is its own (P-100). */
export function proofBytes(clientKey: string, { audience, challenge }: ProofPurpose): Uint8Array {
  return encoder.encode(JSON.stringify(["tutti hello", audience, challenge, clientKey]));
}

/** The 32 bytes of a client's public key; null where the text is not one, such as the secret that named a client in earlier versions. */
export function publicKeyOf(clientKey: string): Uint8Array | null {
  const bytes = clientKey.startsWith(prefix) ? fromBase64Url(clientKey.slice(prefix.length)) : null;
  return bytes?.length === 32 ? bytes : null;
}
