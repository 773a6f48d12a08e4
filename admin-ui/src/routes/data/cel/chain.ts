/**
 * A filter as a chain of conditions joined by `&&`, each with its place in the text. The builder changes one
 * stretch of the expression and leaves the rest as it was typed.
 */
import { tokensOf } from './tokens';

/** One condition of the chain: `source.slice(from, to)`. */
export interface Part {
  from: number;
  to: number;
  text: string;
}

/**
 * The conditions in order; the whole as one where it is no chain (`a || b`, open brackets); none for an empty text.
 * With `||` as the joint, the alternatives of `a || b && c`.
 */
export function partsOf(source: string, joint: '&&' | '||' = '&&'): Part[] {
  const tokens = tokensOf(source);
  const first = tokens[0];
  const last = tokens.at(-1);
  if (!first || !last) return [];
  const whole = [part(source, first.from, last.to)];
  const parts: Part[] = [];
  let depth = 0;
  let from = first.from;
  let before = first;
  for (const [index, token] of tokens.entries()) {
    if (token.type === 'other') return whole;
    if (token.type === 'open') depth++;
    if (token.type === 'close' && --depth < 0) return whole;
    if (depth === 0 && (token.text === '?' || (token.text === '||' && joint === '&&'))) return whole;
    if (depth === 0 && token.text === joint) {
      const next = tokens[index + 1];
      if (index === 0 || !next || before.text === joint) return whole;
      parts.push(part(source, from, before.to));
      from = next.from;
    }
    before = token;
  }
  return depth === 0 ? [...parts, part(source, from, last.to)] : whole;
}

/** `source` with one condition put in the place of another. */
export function replacePart(source: string, old: Part, text: string): string {
  return source.slice(0, old.from) + text + source.slice(old.to);
}

/** `source` without its condition at `index`, and without the `&&` beside it. */
export function removePart(source: string, index: number): string {
  const parts = partsOf(source);
  const gone = parts[index];
  if (!gone) return source;
  const next = parts[index + 1];
  const before = parts[index - 1];
  if (next) return source.slice(0, gone.from) + source.slice(next.from);
  return before ? source.slice(0, before.to) : '';
}

/** `source` with one more condition that must hold; alternatives are bracketed first. */
export function addPart(source: string, text: string): string {
  const trimmed = source.trim();
  if (trimmed === '') return text;
  return `${isAlternative(trimmed) ? `(${trimmed})` : trimmed} && ${text}`;
}

/** Whether `||` or `?:` binds the whole, so that `&&` behind it would take only its last arm. */
export function isAlternative(source: string): boolean {
  let depth = 0;
  for (const { type, text } of tokensOf(source)) {
    if (type === 'open') depth++;
    if (type === 'close') depth--;
    if (depth === 0 && (text === '||' || text === '?')) return true;
  }
  return false;
}

function part(source: string, from: number, to: number): Part {
  return { from, to, text: source.slice(from, to) };
}
