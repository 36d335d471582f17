import type { TrainerTask } from "@tutti/model";
import { expect, test } from "vitest";
import { type FakeTrainer, fakeTrainer, promptOf } from "./testing/fakeTrainer.ts";
import { coordinate, join } from "./testing/joining.ts";
import { leaseOf } from "./testing/scriptedCoordinator.ts";

/** A trainer with the sets that it was given for each task. */
function watched() {
  const given: TrainerTask["parameterSets"][] = [];
  const plain = fakeTrainer();
  const trainer: FakeTrainer = {
    ...plain,
    compute(task, ...rest) {
      given.push(task.parameterSets);
      return plain.compute(task, ...rest);
    },
  };
  return { trainer, given };
}

test("a client fetches a part of what is frozen when it lacks it, and never again while it stays as it is (P-240)", async () => {
  const { trainer, given } = watched();
  const coordinator = await coordinate();
  const { event } = join(coordinator, { trainer });
  await coordinator.heard("register");
  const moved = (value: number) => coordinator.blob({ "prefix/0": promptOf(value) });
  const [kept, later] = [coordinator.blob({ "core/1": promptOf(20) }), coordinator.blob({ "core/1": promptOf(21) })];
  const other = coordinator.blob({ "core/2": promptOf(30) });
  const rounds = [
    { global: moved(1), "frozen/1": kept, "frozen/2": other },
    { global: moved(2), "frozen/1": kept, "frozen/2": other },
    { global: moved(3), "frozen/1": later, "frozen/2": other },
  ];
  for (const [index, parameterSets] of rounds.entries()) {
    const taskId = `${index}`.padStart(32, "0");
    await coordinator.tell("task", { ...leaseOf("a", parameterSets.global, { round: index + 1, parameterSets }), taskId });
    await event("taskEnded", ({ task }) => task.taskId === taskId);
    for (const { sha256 } of [kept, other]) coordinator.blobs.delete(sha256); // whoever asks again is told that it is gone
  }
  expect(given.map((sets) => sets["frozen/1"])).toEqual([20, 20, 21].map((value) => ({ "core/1": promptOf(value) })));
  expect(given.map((sets) => sets["frozen/2"])).toEqual(Array(3).fill({ "core/2": promptOf(30) }));
});
