import { afterEach, expect, test } from "vitest";
import type { Coordinator } from "./coordinator.ts";
import { newClient } from "./testing/keptClient.ts";
import { joinAsClient, type ProtocolClient } from "./testing/protocolClient.ts";
import { startTestCoordinator, temporaryFolder } from "./testing/startTest.ts";
import { tinyRun } from "./testing/tinyRun.ts";

const folder = temporaryFolder();
const open: { coordinators: Coordinator[]; clients: ProtocolClient[] } = { coordinators: [], clients: [] };

afterEach(async () => {
  for (const client of open.clients.splice(0)) client.close();
  for (const coordinator of open.coordinators.splice(0)) await coordinator.close();
  folder.remove();
});

test("two clients with two devices each run all three stages to the end", async () => {
  const coordinator = await startTestCoordinator(tinyRun(), folder.path, { expectedClients: 2 });
  open.coordinators.push(coordinator);
  for (const name of ["a", "b"]) open.clients.push(joinAsClient({ url: coordinator.url, kept: newClient(name) }));
  const outcome = await coordinator.whenDone();
  expect(outcome.steps.map(({ stage, kind, round }) => `${stage} ${kind} ${round}`)).toEqual([
    "score score 1",
    "count train 1",
    "count probe 1",
    "train train 1",
    "train train 2",
    "train evaluate 2",
    "train train 3",
    "train evaluate 3",
  ]);
  expect(outcome.summary.isDone).toBe(true);
});
