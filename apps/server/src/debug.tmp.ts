import { startTestCoordinator, temporaryFolder } from "./testing/startTest.ts";
import { tinyRun } from "./testing/tinyRun.ts";
import { joinAsClient, newClient } from "./testing/protocolClient.ts";
const f = temporaryFolder();
const c = await startTestCoordinator(tinyRun(), f.path, { expectedClients: 2, logLevel: "debug" });
const cl = ["a","b"].map(n => joinAsClient({ url: c.url, kept: newClient(n) }));
setTimeout(() => { for (const x of cl) console.log(x.events.map(e => e.kind + (e.kind==="submitted"?JSON.stringify(e.outcome):e.kind==="refused"?e.message:""))); console.log(JSON.stringify(c.status())); process.exit(0); }, 4000);
c.whenDone().then(o => { console.log("DONE", o.parametersSha256, o.steps.length, o.traffic); process.exit(0) }, e => { console.error("failed", e); process.exit(1) });
