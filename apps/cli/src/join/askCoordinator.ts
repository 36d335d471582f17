import { coordinatorFolder } from "@tutti/client";
import { protocolVersion, type RunInfo, runInfoSchema } from "@tutti/protocol";

/** Asks the coordinator at an address what its run is; throws a sentence that says why there is no answer and what to do. */
export async function askCoordinator(url: string, fetchJson: typeof fetch = fetch): Promise<RunInfo> {
  const response = await fetchJson(new URL("run.json", coordinatorFolder(url)).href).catch((cause: unknown) => {
    throw new Error(`${url}: ${reasonOf(cause)}`); // Node's own words, "fetch failed", say less
  });
  if (!response.ok) throw new Error(`${url}: HTTP ${response.status}, expected a coordinator's answer; ${checkAddress}`);
  const answer: unknown = await response.json().catch(() => null);
  const version = typeof answer === "object" && answer !== null && "protocolVersion" in answer ? answer.protocolVersion : null;
  if (typeof version === "number" && version !== protocolVersion) throw new Error(versionText(url, version));
  const parsed = runInfoSchema.safeParse(answer);
  if (parsed.success) return parsed.data;
  throw new Error(`${url}: found something else than a coordinator of this version of Tutti; ${checkAddress}`);
}

const checkAddress = "check the address (`tutti serve` prints it)";

/** The sentence about a coordinator of another version. */
function versionText(url: string, version: number): string {
  const which = version > protocolVersion ? "this machine" : "the coordinator's machine";
  return `${url}: the coordinator speaks version ${version} of the protocol, this command version ${protocolVersion}: update Tutti on ${which}`;
}

const untrusted = new Set([
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
]);

/** Why nothing was fetched, from the code that Node gives with the cause. */
function reasonOf(error: unknown): string {
  const code = codeOf(error);
  if (untrusted.has(code))
    return "its certificate is self-signed and not known here: give --ca FILE, the file runs/coordinator/certificate.pem of the coordinator's machine, or --insecure, which trusts any certificate";
  if (code.startsWith("ERR_TLS_CERT") || code.startsWith("CERT_"))
    return `its certificate is refused (${code}): use the name or address that the certificate is for, or --insecure, which trusts any certificate`;
  if (code.startsWith("ERR_SSL")) return `it speaks no https (${code}): try the address with http://`;
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return `no machine of that name is known (${code}); ${checkAddress}`;
  if (code === "UND_ERR_SOCKET" || code === "ECONNRESET") return `it closed the connection (${code}): try the address with https://`;
  return `no coordinator answers (${code}): start one with \`tutti serve\`, or ${checkAddress}`;
}

/** The first code in an error and its causes. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return "no reason given";
  if ("code" in error && typeof error.code === "string") return error.code;
  const inner = error instanceof AggregateError ? error.errors[0] : error.cause;
  return inner === undefined ? error.message : codeOf(inner);
}
