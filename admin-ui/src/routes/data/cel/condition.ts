/**
 * One condition as the builder knows it, and as CEL:
 *
 *     path (== | != | > | >= | < | <=) literal      body == "x", likes >= 3, author == null
 *     path.(contains | startsWith | endsWith | matches)(string)
 *     literal in path                               "red" in tags
 *     path in [literal, …]                          kind in ["text", "image"]
 *     path, !path                                   pinned is true, is false
 *     size(path) (== 0 | > 0)
 *     path > now - duration(string)                 createdAt in the last 24 h
 *
 * Everything else stays text in its chip: the line above is there for it.
 */
import { tokensOf, type Token } from './tokens';

export type Operator =
  | 'is'
  | 'isNot'
  | 'gt'
  | 'gte'
  | 'lt'
  | 'lte'
  | 'contains'
  | 'startsWith'
  | 'endsWith'
  | 'matches'
  | 'oneOf'
  | 'has'
  | 'empty'
  | 'notEmpty'
  | 'inLast';

export interface Condition {
  /** `likes`, `room.name`. */
  path: string;
  operator: Operator;
  /** The operand as CEL: a literal, `["a", "b"]` for `oneOf`, a quoted duration for `inLast`; empty for `empty`. */
  value: string;
}

const signs: Record<string, Operator> = { '==': 'is', '!=': 'isNot', '>': 'gt', '>=': 'gte', '<': 'lt', '<=': 'lte' };
const mirrored: Record<string, string> = { '==': '==', '!=': '!=', '>': '<', '>=': '<=', '<': '>', '<=': '>=' };
const calls = new Set(['contains', 'startsWith', 'endsWith', 'matches']);

/** The condition as CEL. */
export function celOf({ path, operator, value }: Condition): string {
  switch (operator) {
    case 'contains':
    case 'startsWith':
    case 'endsWith':
    case 'matches':
      return `${path}.${operator}(${value})`;
    case 'oneOf':
      return `${path} in ${value}`;
    case 'has':
      return `${value} in ${path}`;
    case 'empty':
      return `size(${path}) == 0`;
    case 'notEmpty':
      return `size(${path}) > 0`;
    case 'inLast':
      return `${path} > now - duration(${value})`;
    default:
      return `${path} ${Object.keys(signs).find((sign) => signs[sign] === operator) ?? '=='} ${value}`;
  }
}

/** The condition that a text says, or null where it is more than the builder knows. */
export function conditionOf(source: string): Condition | null {
  const reader = new Reader(source);
  const found = negated(reader) ?? reader.from(0, sized) ?? reader.from(0, compared) ?? reader.from(0, member);
  return found && reader.done ? found : null;
}

class Reader {
  readonly #tokens: Token[];
  at = 0;

  constructor(readonly source: string) {
    this.#tokens = tokensOf(source);
  }

  get done(): boolean {
    return this.at === this.#tokens.length;
  }

  peek(ahead = 0): Token | undefined {
    return this.#tokens[this.at + ahead];
  }

  /** Goes over the next token if it reads so. */
  take(text: string): boolean {
    if (this.peek()?.text !== text) return false;
    this.at++;
    return true;
  }

  /** Tries a form from a place; the whole text must be used up by it. */
  from(place: number, form: (reader: Reader) => Condition | null): Condition | null {
    this.at = place;
    const found = form(this);
    return found && this.done ? found : null;
  }

  path(): string | null {
    if (this.peek()?.type !== 'name' || /^(?:true|false|null|now)$/.test(this.peek()?.text ?? '')) return null;
    let path = this.peek()?.text ?? '';
    this.at++;
    while (this.peek()?.text === '.' && this.peek(1)?.type === 'name' && this.peek(2)?.text !== '(') {
      path += `.${this.peek(1)?.text ?? ''}`;
      this.at += 2;
    }
    return path;
  }

  /** A literal as it stands in the source; with `lists`, also `[a, b]`. */
  literal(lists = false): string | null {
    const start = this.peek();
    if (!start) return null;
    if (lists && start.text === '[') return this.#list(start);
    if (start.text === 'timestamp') return this.#call(start);
    const minus = start.text === '-' && this.peek(1)?.type === 'number';
    if (!minus && start.type !== 'string' && start.type !== 'number' && !/^(?:true|false|null)$/.test(start.text)) return null;
    this.at += minus ? 2 : 1;
    return this.source.slice(start.from, this.#tokens[this.at - 1]?.to);
  }

  #call(start: Token): string | null {
    if (this.peek(1)?.text !== '(' || this.peek(2)?.type !== 'string' || this.peek(3)?.text !== ')') return null;
    this.at += 4;
    return this.source.slice(start.from, this.#tokens[this.at - 1]?.to);
  }

  #list(start: Token): string | null {
    this.at++;
    while (!this.take(']')) {
      if (this.literal() === null) return null;
      if (!this.take(',') && this.peek()?.text !== ']') return null;
    }
    return this.source.slice(start.from, this.#tokens[this.at - 1]?.to);
  }
}

/** `!pinned` */
function negated(reader: Reader): Condition | null {
  if (!reader.take('!')) return null;
  const path = reader.path();
  return path === null ? null : { path, operator: 'is', value: 'false' };
}

/** `size(tags) == 0`, `size(tags) > 0`, `size(tags) != 0` */
function sized(reader: Reader): Condition | null {
  if (!reader.take('size') || !reader.take('(')) return null;
  const path = reader.path();
  if (path === null || !reader.take(')')) return null;
  const empty = reader.take('==');
  if (!empty && !reader.take('>') && !reader.take('!=')) return null;
  return reader.take('0') ? { path, operator: empty ? 'empty' : 'notEmpty', value: '' } : null;
}

/** A path before an operator, a call on it, or the path alone. */
function compared(reader: Reader): Condition | null {
  const path = reader.path();
  if (path === null) return null;
  if (reader.done) return { path, operator: 'is', value: 'true' };
  if (reader.take('.')) return called(reader, path);
  if (reader.take('in')) {
    const value = reader.literal(true);
    return value?.startsWith('[') ? { path, operator: 'oneOf', value } : null;
  }
  const sign = reader.peek()?.text ?? '';
  const operator = signs[sign];
  if (!operator) return null;
  reader.at++;
  if ((sign === '>' || sign === '>=') && reader.peek()?.text === 'now') return recent(reader, path);
  const value = reader.literal();
  return value === null ? null : { path, operator, value };
}

function called(reader: Reader, path: string): Condition | null {
  const name = reader.peek()?.text ?? '';
  if (!calls.has(name)) return null;
  reader.at++;
  const value = reader.take('(') && reader.peek()?.type === 'string' ? reader.literal() : null;
  return value !== null && reader.take(')') ? { path, operator: name as Operator, value } : null;
}

function recent(reader: Reader, path: string): Condition | null {
  const value = reader.take('now') && reader.take('-') && reader.take('duration') && reader.take('(') ? reader.literal() : null;
  return value?.startsWith('"') && reader.take(')') ? { path, operator: 'inLast', value } : null;
}

/** `"red" in tags`, `3 < likes` */
function member(reader: Reader): Condition | null {
  const value = reader.literal();
  if (value === null) return null;
  if (reader.take('in')) {
    const path = reader.path();
    return path === null ? null : { path, operator: 'has', value };
  }
  const operator = signs[mirrored[reader.peek()?.text ?? ''] ?? ''];
  if (!operator) return null;
  reader.at++;
  const path = reader.path();
  return path === null ? null : { path, operator, value };
}
