import type { Rule, Submit } from "@tutti/protocol";
import type { CoordinatorLink } from "./coordinatorLink.ts";
import type { Devices } from "./devices.ts";
import type { Settled } from "./fulfilLease.ts";
import type { Gate } from "./gate.ts";

/** Refusals after which the client does not know whether what it sent counts (P-40). */
export const unknownOutcome: readonly Rule[] = ["P-5", "P-6", "P-7", "P-10", "P-142"];

/** What sending submissions needs of the participation. */
export interface SubmitterPorts {
  readonly devices: Pick<Devices, "read">;
  readonly coordinator: Pick<CoordinatorLink, "call" | "sayHelloAgain">;
  /** Open from a hello that was answered until the connection is lost. */
  readonly online: Gate;
  readonly onSent: (numBytes: number) => void;
}

/** Sends a submission until it is answered, over reconnects if need be; rejects only when `signal` fires. */
export function createSubmitter({ devices, coordinator, online, onSent }: SubmitterPorts, signal: AbortSignal) {
  return async (submission: Submit): Promise<Settled> => {
    for (;;) {
      await online.passed(signal);
      const { version, pending } = await devices.read(submission.deviceId);
      // The answer to a hello may have settled it while the connection was gone.
      if (pending?.submit.taskId !== submission.taskId) return { outcome: version === submission.taskId ? "duplicate" : "late" };
      onSent((submission.tensors?.length ?? 0) + (submission.state?.length ?? 0) + JSON.stringify(submission.header).length);
      const answer = await coordinator.call("submit", submission);
      if (answer.ok) return answer.value;
      if (!unknownOutcome.includes(answer.rule)) return { outcome: "refused", message: `${answer.rule}: ${answer.message}` };
      // Whether it counts is decided by the next hello, which opens the gate again.
      online.close();
      coordinator.sayHelloAgain();
    }
  };
}
