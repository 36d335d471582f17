/** The rules of SPEC.md by number, each with its heading there; a refusal names the rule that was broken. */
export const rules = {
  "P-1": "One protocol version",
  "P-2": "Every call is answered",
  "P-3": "A message fits its schema exactly",
  "P-4": "Unknown calls are refused",
  "P-5": "A fault is answered without its details",
  "P-6": "No answer is a value",
  "P-7": "An answer is checked like a message",
  "P-10": "Hello comes first",
  "P-11": "One socket per client key",
  "P-12": "Hello may be repeated",
  "P-13": "Who is admitted",
  "P-14": "Register once, after the admission test",
  "P-15": "Shares of an open roster",
  "P-16": "Signs of life while loading",
  "P-17": "Register in time",
  "P-18": "A machine's profile is a claim",
  "P-20": "Keep",
  "P-21": "Promote",
  "P-22": "Drop",
  "P-23": "Reset",
  "P-24": "New",
  "P-25": "A device that is not listed lives elsewhere",
  "P-26": "Assign",
  "P-27": "Moved",
  "P-28": "Waiting tasks go to free clients",
  "P-29": "Who devices move to",
  "P-30": "A task's id follows from what it is",
  "P-31": "A lease is acknowledged before the work",
  "P-32": "The deadline counts the coordinator's uptime",
  "P-33": "Decline",
  "P-34": "Pause and leave",
  "P-35": "Progress may be lost",
  "P-36": "What a train task adds to the run's settings",
  "P-40": "Pending is written before submit",
  "P-41": "The same submission counts once",
  "P-42": "Late is an answer",
  "P-43": "Only leased tasks are submitted",
  "P-44": "The journal comes before the answer",
  "P-45": "The header fits the task",
  "P-46": "The number of steps is known",
  "P-50": "The layout of tensors",
  "P-51": "Exactly the expected tensors",
  "P-52": "Shapes",
  "P-53": "Finite and small",
  "P-54": "The encoding of the lease",
  "P-55": "Sizes",
  "P-56": "Device states",
  "P-57": "What a lease expects",
  "P-58": "Parameter sets",
  "P-60": "Blobs are named by their content",
  "P-61": "Blobs are verified",
  "P-62": "Superseded blobs are gone",
  "P-63": "Three requests at once",
  "P-70": "Status",
  "P-71": "Run description",
  "P-80": "Goodbye",
  "P-81": "Replaced",
  "P-90": "Compute clients",
  "P-91": "Tasks of a compute client",
  "P-92": "A run that waits for a compute client says so",
  "P-100": "A client proves its key",
  "P-101": "Origins and hosts",
  "P-102": "Code words",
  "P-103": "Invitations",
  "P-104": "Approval",
  "P-105": "Sent away and banned",
  "P-106": "Orders and their log",
  "P-107": "Metrics",
  "P-108": "What a landing page needs",
  "P-110": "A place is a reservation until it is registered",
  "P-111": "Then it is a lease",
  "P-112": "Clients of one address",
  "P-113": "Clients of one token",
  "P-114": "Spectators",
  "P-115": "A step may ask more devices than it needs",
  "P-116": "Who was late rests, and who is new is tried",
  "P-117": "Deadlines may follow the past",
  "P-118": "A task is taken back from a client that does not answer",
  "P-120": "The sizes of dealt shares are known",
  "P-121": "A claim counts up to a limit",
  "P-122": "Each device is answered for itself",
  "P-123": "A claimed number is its host's",
  "P-124": "A device state fits its task",
  "P-125": "A state may be declined",
  "P-126": "Who is sent a device's state",
  "P-127": "Leave and delete",
  "P-128": "What stays after a deletion",
  "P-130": "The rule of aggregation",
  "P-131": "Layer scores are what a score can be",
  "P-132": "An evaluation counts the device's rows",
} as const;

/** The number of a rule of SPEC.md. */
export type Rule = keyof typeof rules;

/** An expected refusal, returned by a handler instead of its answer. */
export interface Refusal {
  readonly refused: Rule;
  readonly message: string;
}

/** A refusal under a rule; the message says what was found and what was expected. */
export function refuse(rule: Rule, message: string): Refusal {
  return { refused: rule, message };
}

/** Whether a handler's result, or any value, is a refusal. */
export function isRefusal(value: unknown): value is Refusal {
  return typeof value === "object" && value !== null && "refused" in value;
}
