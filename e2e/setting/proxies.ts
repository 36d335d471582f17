import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { projectFolder } from "./places.ts";

/** A web server in front of a coordinator. */
export interface Proxy {
  /** With a path and its closing slash. */
  readonly url: string;
  close(): Promise<void>;
}

export interface ProxyOptions {
  /** The web server's own path. */
  readonly program: string;
  /** Where the coordinator listens. */
  readonly port: number;
  /** Where the web server is to listen. */
  readonly own: number;
  /** Of PEM files. */
  readonly certificate: { readonly cert: string; readonly key: string };
}

/** The configuration that docs/deploy.md gives in a block of this language. */
async function documented(language: "nginx" | "caddyfile"): Promise<string> {
  const text = await readFile(join(projectFolder, "docs/deploy.md"), "utf8");
  const block = new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``).exec(text)?.[1];
  if (block === undefined) throw new Error(`docs/deploy.md has no block of ${language}`);
  return block;
}

/** Replaces what differs here from a real server: each part must be there. */
function adapted(text: string, changes: Readonly<Record<string, string>>): string {
  return Object.entries(changes).reduce((whole, [from, to]) => {
    if (!whole.includes(from)) throw new Error(`the configuration in docs/deploy.md lacks ${from}`);
    return whole.replaceAll(from, to);
  }, text);
}

/** Starts nginx with the configuration of docs/deploy.md, with this machine's ports, certificate and folders. */
export async function startNginx({ program, port, own, certificate }: ProxyOptions): Promise<Proxy> {
  const [folder, plain] = [await mkdtemp(join(tmpdir(), "tutti-nginx-")), await freePort()];
  const site = adapted(await documented("nginx"), {
    "listen 80;": `listen 127.0.0.1:${plain};`,
    "listen [::]:80;": "",
    "listen [::]:443 ssl;": "",
    "listen 443 ssl": `listen 127.0.0.1:${own} ssl`,
    "server_name example.org": "server_name localhost",
    "/etc/letsencrypt/live/example.org/fullchain.pem": certificate.cert,
    "/etc/letsencrypt/live/example.org/privkey.pem": certificate.key,
    "/var/cache/": `${folder}/`, // nginx makes the last folder of the path only
    "127.0.0.1:8080": `127.0.0.1:${port}`,
  });
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `${name}_temp_path ${name};`).join(" ");
  const user = process.getuid?.() === 0 ? "user root;" : "";
  const main = `daemon off; ${user} worker_processes 1; pid nginx.pid; error_log error.log warn;
events { worker_connections 256; }
http { access_log off; ${temporary}
${site} }`;
  await writeFile(join(folder, "nginx.conf"), main);
  return run(spawn(program, ["-p", folder, "-e", "error.log", "-c", "nginx.conf"], { stdio: ["ignore", "ignore", "pipe"] }), folder, own);
}

/** Starts Caddy in the same way. */
export async function startCaddy({ program, port, own, certificate }: ProxyOptions): Promise<Proxy> {
  const folder = await mkdtemp(join(tmpdir(), "tutti-caddy-"));
  const site = adapted(await documented("caddyfile"), {
    "example.org {": `https://localhost:${own} {\n\tbind 127.0.0.1\n\ttls ${certificate.cert} ${certificate.key}`,
    "127.0.0.1:8080": `127.0.0.1:${port}`,
  });
  await writeFile(join(folder, "Caddyfile"), `{\n\tadmin off\n\tauto_https disable_redirects\n}\n${site}`);
  const env = { ...process.env, HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder };
  const args = ["run", "--config", join(folder, "Caddyfile"), "--adapter", "caddyfile"];
  return run(spawn(program, args, { stdio: ["ignore", "ignore", "pipe"], env }), folder, own);
}

async function run(server: ChildProcess, folder: string, port: number): Promise<Proxy> {
  let said = "";
  server.stderr?.on("data", (chunk) => {
    said += chunk;
  });
  const ended = once(server, "exit");
  const whenEnded = ended.then(([code]) => {
    throw new Error(`the web server ended with ${code}: ${said.slice(-600)}`);
  });
  whenEnded.catch(() => undefined);
  await Promise.race([listening(port), whenEnded]);
  return {
    url: `https://localhost:${port}/tutti/`,
    async close() {
      server.kill();
      await ended;
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** A port that nothing listens on. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const address = probe.address();
  probe.close();
  await once(probe, "close");
  if (address === null || typeof address === "string") throw new Error("no free port");
  return address.port;
}

/** Resolves when something accepts connections at the port. */
async function listening(port: number): Promise<void> {
  for (;;) {
    const socket = connect(port, "127.0.0.1");
    const isOpen = await new Promise<boolean>((resolve) => socket.once("connect", () => resolve(true)).once("error", () => resolve(false)));
    socket.destroy();
    if (isOpen) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
