import { X509Certificate } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { hostname, networkInterfaces } from "node:os";
import { join } from "node:path";
import { generate } from "selfsigned";
import { ConfigError, type CoordinatorConfig } from "../config.ts";
import { keepSecret, writeSecret } from "../secretFiles.ts";
import { makeRunFolder } from "../writableFolder.ts";

/** PEM texts of a certificate and its key. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** The certificate that the configuration asks for, or null for plain http. A certificate of its own is made once and kept in `folder`. */
export async function loadCertificate(https: CoordinatorConfig["https"], folder: string): Promise<Certificate | null> {
  if (https === "none") return null;
  if (https !== "self") return { cert: readPem(https.cert, "certificate"), key: readPem(https.key, "key") };
  const paths = { cert: join(folder, "certificate.pem"), key: join(folder, "key.pem") };
  const names = namesOfThisMachine();
  if (existsSync(paths.cert) && existsSync(paths.key)) {
    keepSecret(paths.key);
    const kept = { cert: readFileSync(paths.cert, "utf8"), key: readFileSync(paths.key, "utf8") };
    if (coversAll(kept.cert, names)) return kept;
  }
  const made = await makeCertificate(names);
  makeRunFolder(folder);
  writeSecret(paths.key, made.key);
  writeFileSync(paths.cert, made.cert);
  return made;
}

/** A certificate's SHA-256 fingerprint, as browsers show it: pairs of hexadecimal digits. */
export function fingerprintOf({ cert }: Pick<Certificate, "cert">): string {
  return new X509Certificate(cert).fingerprint256;
}

/** Addresses of this machine in its local networks, without loopback. */
export function lanAddresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter((address) => !address.internal && !address.address.startsWith("fe80"))
    .map((address) => address.address);
}

interface MachineNames {
  readonly dns: readonly string[];
  readonly ip: readonly string[];
}

function namesOfThisMachine(): MachineNames {
  const host = hostname();
  return { dns: [...new Set(["localhost", host, `${host}.local`, "tutti.test"])], ip: ["127.0.0.1", "::1", ...lanAddresses()] };
}

function coversAll(cert: string, { dns, ip }: MachineNames): boolean {
  const certificate = new X509Certificate(cert);
  const isFresh = new Date(certificate.validTo).getTime() > Date.now();
  return (
    isFresh &&
    dns.every((name) => certificate.checkHost(name) !== undefined) &&
    ip.every((address) => certificate.checkIP(address) !== undefined)
  );
}

async function makeCertificate({ dns, ip }: MachineNames): Promise<Certificate> {
  const altNames = [...dns.map((value) => ({ type: 2 as const, value })), ...ip.map((address) => ({ type: 7 as const, ip: address }))];
  const notAfterDate = new Date();
  notAfterDate.setFullYear(notAfterDate.getFullYear() + 1);
  const made = await generate([{ name: "commonName", value: "Tutti coordinator" }], {
    keySize: 2048,
    algorithm: "sha256",
    notAfterDate,
    extensions: [
      { name: "basicConstraints", cA: true },
      { name: "keyUsage", digitalSignature: true, keyEncipherment: true, keyCertSign: true },
      { name: "extKeyUsage", serverAuth: true },
      { name: "subjectAltName", altNames },
    ],
  });
  return { cert: made.cert, key: made.private };
}

function readPem(path: string, what: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new ConfigError(`https: the ${what} ${path} cannot be read`, { cause: error });
  }
}
