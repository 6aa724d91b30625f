/** Deeds one after another, so that what arrives while we wait for the cryptography keeps its order. */

export class Serial {
  #tail: Promise<void> = Promise.resolve();
  #stopped = false;
  readonly #fault: (reason: unknown) => void;

  /** *fault* hears of a deed that threw; the next one is done all the same. */
  constructor(fault: (reason: unknown) => void) {
    this.#fault = fault;
  }

  do(deed: () => Promise<void> | void): void {
    this.#tail = this.#tail.then(async () => {
      if (this.#stopped) return;
      try {
        await deed();
      } catch (reason) {
        if (!this.#stopped) this.#fault(reason);
      }
    });
  }

  /** When everything asked for so far is done. */
  idle(): Promise<void> {
    return this.#tail;
  }

  /** Nothing that has not begun will begin. */
  stop(): void {
    this.#stopped = true;
  }
}
