import type { ClientProfile } from "@tutti/core";
import type { Example } from "@tutti/data";
import type { BackendName, KernelChoice, Trainer } from "@tutti/model";
import type { Hello } from "@tutti/protocol";
import type { ManagerOptions, SocketOptions } from "socket.io-client";
import type { Fetch } from "./blobs.ts";
import type { DeviceStore } from "./deviceStore.ts";
import type { SessionEvent } from "./events.ts";

/**
 * Whose examples a client trains on: shares of the run's partition that the coordinator assigns, or its own; or none, as the compute client of
 * whoever runs the coordinator (P-90), whose trainer must do tasks of P-91.
 */
export type Hosting =
  | { readonly kind: "virtual" }
  | { readonly kind: "own"; readonly examples: readonly Example[] }
  | { readonly kind: "compute"; readonly token: string };

/** What a client says of its machine. */
export type MachineClaim = NonNullable<Hello["profile"]>;

/** Who joins which run, with what to compute and to keep it on. */
export interface JoinOptions {
  /** The coordinator's address, or that of its page; it may have a path. */
  readonly url: string;
  /** The run's code word, or an invitation (P-102, P-103); by default the one that the address carries. */
  readonly token?: string | undefined;
  /** 16 to 64 letters, digits, _ or -, which are the client's secret: its key pair follows from it, and the same client keeps the same. */
  readonly clientKey: string;
  readonly trainer: Trainer;
  readonly store: DeviceStore;
  readonly hosting?: Hosting | undefined;
  readonly nickname?: string | undefined;
  /** What to compute on unless the coordinator forces it; `auto` measures. */
  readonly backend?: "auto" | BackendName;
  /** Where that choice comes from, for the sentence that says so; `client` by default. */
  readonly backendAskedBy?: "address" | "client";
  /** WASM threads unless the coordinator forces them; 0 for as many as there are cores. */
  readonly threads?: number;
  /** What the run's operator gives to hosts that may have the states of other clients' devices (P-126). */
  readonly hostToken?: string | undefined;
  /** What the run's operator gives to its own helper devices (P-192). */
  readonly helperToken?: string | undefined;
  /** Folder of the WASM binaries, with a closing slash; needed in browsers. */
  readonly wasmPath?: string;
  /**
   * What this client claims of its machine (P-18), of which the rate may be left to measuring. Asked once, and only for a run that plans for each
   * client: others are told nothing. By default nothing is claimed.
   */
  readonly profile?: (() => MachineClaim | Promise<MachineClaim>) | undefined;
  /** Whether a backward pass does not fit: the client's devices compute forward passes alone (P-250). A run in which everybody trains by gradients refuses them. */
  readonly isForwardOnly?: boolean | undefined;
  /** Another machine than this one, which it then simulates: training is slowed to that profile. */
  readonly simulated?: ClientProfile | undefined;
  /** `plain` turns the fast kernels off, for comparison. */
  readonly kernels?: KernelChoice;
  /** Whether the client rests from the beginning, until `resume`. */
  readonly isPaused?: boolean;
  readonly onEvent?: (event: SessionEvent) => void;
  /** Ends the session at once, without a word to the coordinator: as a crash would. */
  readonly signal?: AbortSignal;
  readonly fetch?: Fetch;
  readonly socketOptions?: Partial<ManagerOptions & SocketOptions>;
}
