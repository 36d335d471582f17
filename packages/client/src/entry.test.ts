import { clientIdentity } from "@tutti/protocol";
import { expect, test } from "vitest";
import { coordinate, join } from "./testing/joining.ts";
import { welcomeWith } from "./testing/scriptedCoordinator.ts";
import { tokenIn } from "./token.ts";

test("P-102 a client brings the token that its link carries, or the one that it is given", async () => {
  const coordinator = await coordinate();
  const link = { ...coordinator, url: `${coordinator.url}/#token=blue%20heron%2B` };
  join(link);
  expect((await coordinator.heard("hello")).token).toBe("blue heron+");
  join(link, { token: "red heron", clientKey: "another-client-key" });
  expect((await coordinator.heard("hello")).token).toBe("red heron");
  join(coordinator, { clientKey: "a-third-client-key" });
  expect(await coordinator.heard("hello")).not.toHaveProperty("token");
  expect(["http://a/#token=", "http://a/?token=x", "http://a/#other=x"].map(tokenIn)).toEqual([null, null, null]);
});

test("P-100 a client's secret is in nothing that it sends", async () => {
  const coordinator = await coordinate();
  const secret = "a-secret-of-this-test";
  join(coordinator, { clientKey: secret });
  const hello = await coordinator.heard("hello");
  expect(hello.clientKey).toBe(clientIdentity(secret).clientKey);
  expect(hello.audience).toBe(new URL(coordinator.url).host);
  expect(JSON.stringify([hello, await coordinator.heard("register")])).not.toContain(secret);
});

test("P-104 a client that the operator has not let in says so, and asks again until it is", async () => {
  const coordinator = await coordinate();
  let numAsked = 0;
  coordinator.script.hello = () => (numAsked++ === 0 ? { refused: "P-104", message: "not yet" } : welcomeWith());
  const { event, session } = join(coordinator);
  await event("connection", ({ state }) => state === "unapproved");
  await event("connection", ({ state }) => state === "online");
  expect(numAsked).toBe(2);
  await session.leave();
  expect(await session.whenEnded).toEqual({ reason: "left" });
});

test("P-105 a client that is banned ends with the reason", async () => {
  const coordinator = await coordinate();
  coordinator.script.hello = () => ({ refused: "P-105", message: "the operator has banned this client from the run" });
  expect(await join(coordinator).session.whenEnded).toEqual({
    reason: "failed",
    message: "The coordinator does not let you in (P-105: the operator has banned this client from the run).",
    rule: "P-105",
    why: { kind: "notAdmitted", rule: "P-105", message: "the operator has banned this client from the run" },
  });
});
