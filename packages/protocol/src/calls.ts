import type { z } from "zod";
import { protocolVersion } from "./limits.ts";
import { type Answer, type CallName, calls, type Received, type Request } from "./messages.ts";
import { byteFields, excessOf, misplacedBytes } from "./misplacedBytes.ts";
import { type RefusalKind, refusalKindSchema } from "./refusals.ts";
import { isRefusal, type Refusal, type Rule, refuse, rules } from "./rules.ts";

/** The part of a socket.io socket, of the server's or of the client's, that sends. */
export interface SendingSocket {
  emit(name: string, ...values: unknown[]): unknown;
}

/** The part of a socket.io socket that calls and serves need. */
export interface CallSocket extends SendingSocket {
  readonly connected: boolean;
  on(name: "disconnect", listener: (...values: unknown[]) => void): unknown;
  onAny(listener: (name: string, ...values: unknown[]) => void): unknown;
  offAny(listener: (name: string, ...values: unknown[]) => void): unknown;
}

/** A call that was refused: the rule that was broken and why, and the same for pages where it has a kind. */
export interface Refused {
  readonly ok: false;
  readonly rule: Rule;
  readonly message: string;
  readonly why?: RefusalKind;
}

/** What a call comes to: the answer, or the rule that was broken and why (P-2). */
export type Outcome<T> = { readonly ok: true; readonly value: T } | Refused;

/** How long a call waits for its answer. */
export interface CallOptions {
  /** Milliseconds to wait for the answer; 20,000 when absent. */
  readonly timeoutMs?: number;
  /** Ends the wait by rejecting with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** Sends a call and waits for its answer. A refusal, a lost connection and a timeout are outcomes (P-6); it rejects only when `signal` is aborted. */
export function call<N extends CallName>(
  socket: CallSocket,
  name: N,
  request: Request<N>,
  { timeoutMs = 20_000, signal }: CallOptions = {},
): Promise<Outcome<Answer<N>>> {
  if (signal?.aborted) return Promise.reject(signal.reason);
  if (!socket.connected) return Promise.resolve(unanswered(name, "the socket is not connected"));
  return new Promise((resolve, reject) => {
    const settle = (finish: () => void) => {
      clearTimeout(timer);
      stopWatching();
      signal?.removeEventListener("abort", onAbort);
      finish();
    };
    const onDisconnect = () => settle(() => resolve(unanswered(name, "the socket was disconnected")));
    const onAbort = () => settle(() => reject(signal?.reason));
    const timer = setTimeout(() => settle(() => resolve(unanswered(name, `within ${timeoutMs} ms`))), timeoutMs);
    const stopWatching = watchDisconnect(socket, onDisconnect);
    signal?.addEventListener("abort", onAbort);
    socket.emit(name, request, (answer: unknown) => settle(() => resolve(parseAnswer(name, answer))));
  });
}

/** Calls under way by socket: one listener each would soon be more than Node's emitters allow without a warning. */
const watchers = new WeakMap<CallSocket, Set<() => void>>();

function watchDisconnect(socket: CallSocket, onDisconnect: () => void): () => void {
  const known = watchers.get(socket);
  const waiting = known ?? new Set();
  if (known === undefined) {
    watchers.set(socket, waiting);
    socket.on("disconnect", () => {
      for (const tell of [...waiting]) tell();
    });
  }
  waiting.add(onDisconnect);
  return () => waiting.delete(onDisconnect);
}

/** Sends a message that needs no answer, such as `progress` over `socket.volatile` or `status` over a room (P-35, P-70). */
export function send<N extends CallName>(socket: SendingSocket, name: N, message: Request<N>): void {
  socket.emit(name, message);
}

/** Keeps an act until the answer to the present call has been sent, so that what it sends, or closes, comes behind; after a refusal there is none. */
export type AfterAnswer = (act: () => void) => void;

/** Answers calls by name; a refusal is returned, not thrown. A name without a handler is refused (P-4). */
export type Handlers = {
  readonly [N in CallName]?: (request: Received<N>, afterAnswer: AfterAnswer) => Answer<N> | Refusal | Promise<Answer<N> | Refusal>;
};

/** Who hears of calls that were refused, and of handlers that failed. */
export interface ServeOptions {
  /** Asked before a call is looked at, so that a call which may not be made costs nothing more; why it is refused, or null. */
  readonly admit?: (name: string) => Refusal | null;
  /** Told of every refusal, for logs and counters. */
  readonly onRefused?: (name: string, refusal: Refusal) => void;
  /** Told of whatever a handler threw; the caller only learns that there was a fault (P-5). It must not throw. */
  readonly onFault: (name: string, error: unknown) => void;
}

/** Answers every call that arrives on the socket, whatever it is (P-2 to P-5). Serve a socket once. Returns what stops it. */
export function serve(socket: CallSocket, handlers: Handlers, options: ServeOptions): () => void {
  // socket.io hands on events that are named by a number
  const listener = (name: unknown, ...values: unknown[]) => {
    const last = values.at(-1);
    const acknowledge = typeof last === "function" ? last : null;
    const acts: (() => void)[] = [];
    const call = { name, request: values[0], afterAnswer: (act: () => void) => void acts.push(act) };
    answerCall(call, handlers, options)
      .then((outcome) => {
        acknowledge?.(outcome);
        if (outcome.ok) for (const act of acts) act();
      })
      .catch((error: unknown) => options.onFault(shown(name), error));
  };
  socket.onAny(listener);
  return () => {
    socket.offAny(listener);
  };
}

interface ReceivedCall {
  readonly name: unknown;
  readonly request: unknown;
  readonly afterAnswer: AfterAnswer;
}

async function answerCall(call: ReceivedCall, handlers: Handlers, options: ServeOptions): Promise<Outcome<unknown>> {
  const { name } = call;
  const result = await settleCall(call, handlers, options);
  if (!isRefusal(result)) return { ok: true, value: result };
  try {
    options.onRefused?.(shown(name), result);
  } catch (error) {
    options.onFault(shown(name), error);
  }
  const { refused: rule, message, why } = result;
  return { ok: false, rule, message, ...(why === undefined ? {} : { why }) };
}

async function settleCall({ name, request, afterAnswer }: ReceivedCall, handlers: Handlers, options: ServeOptions): Promise<unknown> {
  if (!isCallName(name) || !Object.hasOwn(handlers, name)) return refuse("P-4", `call ${quoted(name)} is not served here`);
  const refusal = options.admit?.(name) ?? null;
  if (refusal !== null) return refusal;
  try {
    const excess = excessOf(request);
    if (excess !== null) return refuse("P-3", `${name}: ${excess}`);
    const misplaced = misplacedBytes(request, byteFields[name]);
    if (name === "hello" && misplaced !== "" && isOfOtherVersion(request)) return refuse("P-1", otherVersion);
    if (misplaced !== null) return refuse("P-3", describeBytes(name, misplaced));
    const parsed = parsedRequest(name, request);
    if (parsed === null) return refuse("P-3", `${name}: it holds a table in place of a number or a length`);
    if (!parsed.success) return refuse("P-3", describeIssues(name, parsed.error));
    const handler = handlers[name] as (request: unknown, afterAnswer: AfterAnswer) => unknown;
    return await handler(parsed.data, afterAnswer);
  } catch (error) {
    options.onFault(name, error);
    return refuse("P-5", "internal");
  }
}

/** Null where the schema cannot look at a value: it compares a `length` with a number, also of a table whose `length` has no text. */
function parsedRequest(name: CallName, request: unknown): z.ZodSafeParseResult<unknown> | null {
  try {
    return calls[name].request.safeParse(request);
  } catch (error) {
    if (error instanceof TypeError) return null;
    throw error;
  }
}

const otherVersion = `this page speaks another protocol version, expected ${protocolVersion}: reload the page`;

function isOfOtherVersion(request: unknown): boolean {
  return typeof request === "object" && request !== null && Reflect.get(request, "protocolVersion") !== protocolVersion;
}

/** The first things that do not fit, such as `submit.header.numSteps: Too small: …`. */
function describeIssues(name: string, error: z.ZodError): string {
  const described = error.issues.slice(0, 3).map((issue) => `${[name, ...issue.path.map(String)].join(".")}: ${issue.message}`);
  return described.join("; ").slice(0, 500);
}

function describeBytes(name: CallName, path: string): string {
  return `${path === "" ? name : `${name}.${path}`}: bytes do not belong here`.slice(0, 500);
}

function parseAnswer<N extends CallName>(name: N, answer: unknown): Outcome<Answer<N>> {
  const misplaced = misplacedBytes(answer);
  if (misplaced !== null) return { ok: false, rule: "P-7", message: describeBytes(name, misplaced) };
  const outcome = readOutcome(answer);
  if (outcome === null) return { ok: false, rule: "P-7", message: `call ${name}: the answer is not an outcome` };
  if (!outcome.ok) return outcome;
  const parsed = calls[name].answer.safeParse(outcome.value);
  if (!parsed.success) return { ok: false, rule: "P-7", message: describeIssues(name, parsed.error) };
  return { ok: true, value: parsed.data as Answer<N> };
}

function readOutcome(answer: unknown): Outcome<unknown> | null {
  if (typeof answer !== "object" || answer === null || !("ok" in answer)) return null;
  if (answer.ok === true && "value" in answer) return { ok: true, value: answer.value };
  if (answer.ok !== false || !("rule" in answer) || !("message" in answer)) return null;
  const { rule, message } = answer;
  if (!isRule(rule) || typeof message !== "string") return null;
  // a kind that this side does not know, as of a later version, is left out
  const { data: why } = refusalKindSchema.safeParse("why" in answer ? answer.why : undefined);
  return { ok: false, rule, message: onOneLine(message), ...(why === undefined ? {} : { why }) };
}

/** What another side says is shown to people, also on a terminal. */
function onOneLine(message: string): string {
  return message.slice(0, 1000).replace(/\p{Cc}+/gu, " ");
}

function unanswered(name: string, why: string): { ok: false; rule: Rule; message: string } {
  return { ok: false, rule: "P-6", message: `call ${name}: no answer, ${why}` };
}

function isCallName(name: unknown): name is CallName {
  return typeof name === "string" && Object.hasOwn(calls, name);
}

/** What an event calls itself, for a log. */
function shown(name: unknown): string {
  if (typeof name === "string") return name.slice(0, 64);
  return typeof name === "number" ? `number ${name}` : typeof name;
}

function quoted(name: unknown): string {
  return typeof name === "string" ? JSON.stringify(shown(name)) : shown(name);
}

function isRule(rule: unknown): rule is Rule {
  return typeof rule === "string" && Object.hasOwn(rules, rule);
}
