import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { formatCount } from "@tutti/core";
import { calls, limits } from "@tutti/protocol";
import { UsageError } from "../exitCodes.ts";

/** The address that somebody gave, checked; throws a UsageError with an example where it is none. */
export function coordinatorAddress(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url !== null && ["http:", "https:"].includes(url.protocol) && url.hostname !== "") return url.href;
  throw new UsageError(
    `${text} is not a coordinator's address: expected one such as http://192.168.1.20:8080, which \`tutti serve\` prints`,
  );
}

/** Node takes certificates to trust from here, when it starts. */
const trusted = "NODE_EXTRA_CA_CERTS";

/**
 * The environment in which Node trusts the certificates of a PEM file; null where this process does already. Throws a UsageError where the
 * file holds none, since Node would go on without it.
 */
export function trusting(file: string): Readonly<Record<string, string>> | null {
  const path = resolve(file);
  if (!textOf(path).includes("-----BEGIN CERTIFICATE-----"))
    throw new UsageError(`--ca ${file} holds no certificate: give a PEM file, such as runs/coordinator/certificate.pem`);
  return process.env[trusted] === path ? null : { [trusted]: path };
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new UsageError(`--ca ${path} cannot be read: give a PEM file, such as runs/coordinator/certificate.pem`, { cause });
  }
}

/** Throws a UsageError where the coordinator would refuse a name. */
export function checkNickname(name: string | undefined): void {
  if (name === undefined || calls.hello.request.shape.nickname.safeParse(name).success) return;
  const found = formatCount(name.length, "character");
  throw new UsageError(`--nickname: found ${found}, expected at most ${limits.maxNickname} and no control characters`);
}
