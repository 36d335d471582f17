import type { Answer, CallName, Outcome, Request, TaskProgress } from "@tutti/protocol";

/** How a client's part in a run speaks with the coordinator. */
export interface CoordinatorLink {
  call<N extends CallName>(name: N, request: Request<N>): Promise<Outcome<Answer<N>>>;
  /** The answer to a call is not known: says hello once more, which ends in `enter`. */
  sayHelloAgain(): void;
  /** May be lost. */
  tellProgress(progress: TaskProgress): void;
  /** Says that loading gets on (P-16); may be lost. */
  tellLoading(): void;
}

/** Declines a task, or with null all that may come; a call rejects only when the session is over, and then nobody listens. */
export async function decline(coordinator: Pick<CoordinatorLink, "call">, taskId: string | null, reason: string): Promise<void> {
  await coordinator.call("decline", { taskId, reason }).catch(() => undefined);
}
