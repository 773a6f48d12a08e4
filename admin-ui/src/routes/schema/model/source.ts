/**
 * JSON text with the place of every value, by JSON pointer: for marks at changed lines and findings at their
 * exact place. JSON.parse tells no places, and the server's pointers need them.
 */

/** Offsets into the text; `keyFrom` is where the member's name starts, for what stands in an object. */
export interface Place {
  from: number;
  to: number;
  keyFrom: number;
}

export interface Source {
  value: unknown;
  places: Map<string, Place>;
  /** Names that occur twice in one object; the last one would win silently. */
  duplicates: { pointer: string; at: Place }[];
  /** Integers that a browser cannot hold exactly. */
  inexact: { pointer: string; at: Place }[];
}

/** Where and why a text is not JSON. */
export class SourceError extends Error {
  constructor(
    message: string,
    readonly at: number,
  ) {
    super(message);
  }
}

const DEEPEST = 64;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
// A control character in a text is no JSON.
// eslint-disable-next-line no-control-regex
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const WORD = /true|false|null/y;

/** Parses, or throws a `SourceError`. */
export function parseSource(text: string): Source {
  return new Reader(text).read();
}

/** One segment of a JSON pointer. */
export function segment(name: string): string {
  return name.replace(/~/g, '~0').replace(/\//g, '~1');
}

/** 1-based lines that a place covers. */
export function linesOf(text: string, place: Place): { from: number; to: number } {
  const count = (to: number) => text.slice(0, to).split('\n').length;
  return { from: count(place.keyFrom), to: count(place.to) };
}

class Reader {
  #at = 0;
  readonly #source: Source = { value: undefined, places: new Map(), duplicates: [], inexact: [] };

  constructor(readonly text: string) {}

  read(): Source {
    this.#space();
    this.#source.value = this.#value('', this.#at, 0);
    this.#space();
    if (this.#at < this.text.length) throw this.#error('Nothing may follow the closing brace');
    return this.#source;
  }

  #value(pointer: string, keyFrom: number, depth: number): unknown {
    if (depth > DEEPEST) throw this.#error(`Nested deeper than ${DEEPEST}`);
    const from = this.#at;
    const value = this.#bare(pointer, depth);
    const place = { from, to: this.#at, keyFrom };
    this.#source.places.set(pointer, place);
    if (typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value)) {
      this.#source.inexact.push({ pointer, at: place });
    }
    return value;
  }

  #bare(pointer: string, depth: number): unknown {
    const sign = this.text[this.#at];
    if (sign === '{') return this.#object(pointer, depth);
    if (sign === '[') return this.#array(pointer, depth);
    const word = this.#take(STRING) ?? this.#take(NUMBER) ?? this.#take(WORD);
    if (word === null) throw this.#error(sign === '"' ? 'The text is not closed' : 'A value is missing here');
    return JSON.parse(word);
  }

  #object(pointer: string, depth: number): Record<string, unknown> {
    // Without a prototype, a member called __proto__ is a member like any other.
    const object: Record<string, unknown> = Object.create(null);
    this.#at++;
    this.#space();
    if (this.#eat('}')) return { ...object };
    for (;;) {
      const keyFrom = this.#at;
      const name = this.#take(STRING);
      if (name === null) throw this.#error('A member name in double quotes is missing here');
      const key = JSON.parse(name) as string;
      this.#space();
      if (!this.#eat(':')) throw this.#error('A colon is missing here');
      this.#space();
      const child = `${pointer}/${segment(key)}`;
      const twice = key in object;
      object[key] = this.#value(child, keyFrom, depth + 1);
      if (twice) this.#source.duplicates.push({ pointer: child, at: { from: keyFrom, to: this.#at, keyFrom } });
      this.#space();
      if (this.#eat('}')) return { ...object };
      if (!this.#eat(',')) throw this.#error('A comma or a closing brace is missing here');
      this.#space();
    }
  }

  #array(pointer: string, depth: number): unknown[] {
    const array: unknown[] = [];
    this.#at++;
    this.#space();
    if (this.#eat(']')) return array;
    for (;;) {
      array.push(this.#value(`${pointer}/${array.length}`, this.#at, depth + 1));
      this.#space();
      if (this.#eat(']')) return array;
      if (!this.#eat(',')) throw this.#error('A comma or a closing bracket is missing here');
      this.#space();
    }
  }

  #take(pattern: RegExp): string | null {
    pattern.lastIndex = this.#at;
    const word = pattern.exec(this.text)?.[0] ?? null;
    this.#at += word?.length ?? 0;
    return word;
  }

  #eat(sign: string): boolean {
    const found = this.text[this.#at] === sign;
    if (found) this.#at++;
    return found;
  }

  #space(): void {
    while (' \t\n\r'.includes(this.text[this.#at] ?? 'x')) this.#at++;
  }

  #error(message: string): SourceError {
    return new SourceError(message, Math.min(this.#at, this.text.length));
  }
}
