import { expect, test } from "vitest";
import { withEventName } from "./packets.ts";
import { createScene } from "./testing/scene.ts";
import { tinyFedAvg } from "./testing/tinyRun.ts";

const scene = createScene();

test("an event whose name is no string is answered under P-4, whatever it is instead, and nobody is disconnected", async () => {
  const coordinator = await scene.start(tinyFedAvg(), { expectedClients: 1 });
  const a = scene.join(coordinator, "a", { onTask: () => false });
  await a.when("task");
  const named = (name: unknown): Promise<unknown> => Reflect.apply(a.socket.timeout(2000).emitWithAck, a.socket.timeout(2000), [name, {}]);
  for (const [name, shown] of [
    [5, "number 5"],
    [-0.5, "number -0.5"],
    [{ name: "leave" }, '"object instead of a name"'],
    [["leave"], '"object instead of a name"'],
    [null, '"null instead of a name"'],
    [true, '"boolean instead of a name"'],
    [Buffer.from("leave"), '"object instead of a name"'],
  ] as const) {
    expect(await named(name)).toEqual({ ok: false, rule: "P-4", message: `call ${shown} is not served here` });
  }
  for (const reserved of ["connect", "disconnect", "newListener", "error", String.raw`\u0064isconnect`]) {
    const answered = new Promise((resolve) => {
      a.socket.io.engine.once("message", resolve);
    });
    a.socket.io.engine.write(`277["${reserved}",{}]`);
    expect(await answered).toMatch(/^377\[\{"ok":false,"rule":"P-4"/);
  }
  expect(a.events.some(({ kind }) => kind === "disconnected")).toBe(false);
  expect(coordinator.status().numConnected).toBe(1);
});

test("packets that are named, and those that are no events, stay as they are", () => {
  const same = [
    '2["submit",{"a":["disconnect"]}]',
    '213["pause",{"isPaused":true}]',
    '2/admin,7["leave"]',
    '51-4["submit",{"tensors":{"_placeholder":true,"num":0}}]',
    "2[7,{}]",
    '2["connected",1]',
    String.raw`27["\u006ceave",{}]`,
    '0{"token":"x"}',
    "1",
    '35[{"ok":true}]',
    "2[",
    "2{}",
    "",
  ];
  for (const packet of same) expect(withEventName(packet)).toBe(packet);
  expect(withEventName("29[]")).toBe('29["undefined instead of a name"]');
  expect(withEventName('2/admin,7[ "disconnect" , 1]')).toBe('2/admin,7["disconnect (reserved)"]');
  expect(withEventName('51-4[{"_placeholder":true,"num":0},{}]')).toBe('51-4["object instead of a name"]');
  expect(withEventName(String.raw`27["\u0064isconnect",{}]`)).toBe('27["disconnect (reserved)"]');
  const deep = "[".repeat(100_000) + "]".repeat(100_000);
  expect(withEventName(`27[true,${deep}]`)).toBe('27["boolean instead of a name"]');
});
