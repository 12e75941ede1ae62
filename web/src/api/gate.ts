type Listener = () => void;

/**
 * Stands between requests that were refused for want of the person and the dialog that asks them.
 * While it waits, the refused requests wait too; one question is enough for all of them.
 */
export class Gate<Question> {
  #waiting: {
    readonly question: Question;
    readonly promise: Promise<boolean>;
    readonly settle: (isAnswered: boolean) => void;
  } | null = null;
  readonly #listeners = new Set<Listener>();

  /** Resolves true when the person has done what was asked, false when they chose not to. */
  ask(question: Question): Promise<boolean> {
    if (!this.#waiting) {
      let settle: (isAnswered: boolean) => void = () => undefined;
      const promise = new Promise<boolean>((resolve) => (settle = resolve));
      this.#waiting = { question, promise, settle };
      this.#tell();
    }
    return this.#waiting.promise;
  }

  answer(isAnswered: boolean): void {
    const asked = this.#waiting;
    this.#waiting = null;
    this.#tell();
    asked?.settle(isAnswered);
  }

  /** What is asked at the moment. */
  readonly question = (): Question | null => this.#waiting?.question ?? null;

  readonly watch = (listener: Listener): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}
