/** Asks before a step that cannot be taken back: `if (await confirm({...})) …`. Drawn by `<Confirmations>`. */

export interface Question {
  /** A question with the object's name: "Delete collection attachments?" */
  title: string;
  /** What goes, how much, whether it comes back. */
  text: string;
  /** The verb of the last button: "Delete collection". */
  verb: string;
  /** The safe choice: "Keep it". */
  keep?: string;
  danger?: boolean;
  /** Without undo: this is to be typed. */
  typed?: string;
  /** What else depends on it, as a note. */
  note?: string;
}

interface Asked extends Question {
  answer: (yes: boolean) => void;
}

class Questions {
  current = $state.raw<Asked | null>(null);

  settle(yes: boolean): void {
    const asked = this.current;
    this.current = null;
    asked?.answer(yes);
  }
}

/** The question that is open. */
export const questions = new Questions();

/** Resolves with the choice; a second question settles the first as the safe one. */
export function confirm(question: Question): Promise<boolean> {
  questions.settle(false);
  return new Promise((answer) => (questions.current = { ...question, answer }));
}
