/** What has happened, in order, and what can be waited for. */
export interface EventLog<E extends { readonly kind: string }> {
  readonly events: readonly E[];
  note(event: E): void;
  /** Resolves with the first event, past or future, that fits. */
  when<K extends E["kind"]>(kind: K, fits?: (event: E & { kind: K }) => boolean): Promise<E & { kind: K }>;
}

/** A log of nothing yet. */
export function createEventLog<E extends { readonly kind: string }>(): EventLog<E> {
  const events: E[] = [];
  const waiting = new Set<() => void>();
  return {
    events,
    note(event) {
      events.push(event);
      for (const check of [...waiting]) check();
    },
    when<K extends E["kind"]>(kind: K, fits: (event: E & { kind: K }) => boolean = () => true) {
      return new Promise<E & { kind: K }>((resolve) => {
        const check = () => {
          const found = events.find((event): event is E & { kind: K } => event.kind === kind && fits(event as E & { kind: K }));
          if (found === undefined) return;
          waiting.delete(check);
          resolve(found);
        };
        waiting.add(check);
        check();
      });
    },
  };
}
