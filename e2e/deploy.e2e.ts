import { join } from "node:path";
import { type APIRequestContext, expect, test } from "@playwright/test";
import { places } from "./setting/places.ts";
import { findProgram } from "./setting/programs.ts";
import { freePort, startCaddy, startNginx } from "./setting/proxies.ts";
import { miscounted, serveRun, tinyRun } from "./setting/runs.ts";

/** PEM files that a coordinator made for this machine's names. */
async function makeCertificate() {
  await (await serveRun(tinyRun, { https: "self" })).close();
  const folder = join(places.runs, "coordinator");
  return { cert: join(folder, "certificate.pem"), key: join(folder, "key.pem") };
}

const proxies = [
  { name: "nginx", start: startNginx, program: await findProgram("nginx") },
  { name: "caddy", start: startCaddy, program: await findProgram("caddy") },
] as const;

for (const { name, start, program } of proxies) {
  test(`behind ${name} as docs/deploy.md sets it up, a tab under a path is isolated, has threads and a websocket, and finishes a run`, async ({
    browser,
  }) => {
    test.skip(program === null, `skipped: no ${name} on this machine`);
    const certificate = await makeCertificate();
    const own = await freePort();
    const coordinator = await serveRun(tinyRun, { expectedClients: 1, publicUrl: `https://localhost:${own}/tutti/` });
    const proxy = await start({ program: program ?? "", port: coordinator.port, own, certificate });
    const context = await browser.newContext({ ignoreHTTPSErrors: true });
    const page = await context.newPage();
    const outside: string[] = [];
    const sockets: string[] = [];
    const said: string[] = [];
    page.on("console", (message) => message.type() === "error" && said.push(message.text()));
    page.on(
      "request",
      (request) => request.url().startsWith(proxy.url) || /^(blob|data):/.test(request.url()) || outside.push(request.url()),
    );
    page.on("websocket", (socket) => sockets.push(socket.url()));
    await page.goto(`${proxy.url.slice(0, -1)}?auto=1&backend=wasm&threads=2`); // without the closing slash
    expect(page.url()).toMatch(new RegExp(`^${proxy.url}`));
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
    const outcome = await coordinator.whenDone();
    expect(miscounted(outcome)).toEqual([]);
    const numThreads = await page.evaluate(() => Math.min(2, navigator.hardwareConcurrency));
    await expect(page.getByTestId("backend")).toContainText(`${numThreads} thread`);
    expect(sockets.length).toBeGreaterThan(0);
    for (const socket of sockets) expect(socket).toMatch(new RegExp(`^${proxy.url.replace("https", "wss")}socket\\.io/`));
    expect(outside.filter((url) => url !== proxy.url.slice(0, -1) && !url.startsWith(`${proxy.url.slice(0, -1)}?`))).toEqual([]);
    expect(said).toEqual([]);
    expect(await inside(context.request, proxy.url)).toEqual([404, 404, 404, 200]);
    await context.close();
    await proxy.close();
    await coordinator.close();
  });
}

/** What the public gets of the operator's part, and of the run's description. */
async function inside(request: APIRequestContext, url: string): Promise<number[]> {
  const answers = [await request.post(`${url}control/begin`), await request.post(`${url}control/stop`), await request.get(`${url}metrics`)];
  return [...answers, await request.get(`${url}run.json`)].map((answer) => answer.status());
}
