/** A condition as the editor and the simulator show it: its `&&` parts, the lines they stand on, and where a fault lies. */
import { partsOf } from '../../data/cel/chain';

/** A part with the lines it covers, counted from 1. */
interface PlacedPart {
  text: string;
  lines: number[];
}

/** The parts of a condition in order. */
export function placedParts(source: string): PlacedPart[] {
  return partsOf(source).map(({ text, from, to }) => {
    const first = lineAt(source, from);
    const count = lineAt(source, to) - first + 1;
    return { text: text.replace(/\s+/g, ' '), lines: Array.from({ length: count }, (_, index) => first + index) };
  });
}

/** The lines of the parts that did not hold; the server names parts by their place. */
export function failingLines(source: string, held: readonly string[]): number[] {
  const parts = placedParts(source);
  if (parts.length !== held.length) return [];
  return parts.flatMap(({ lines }, index) => (held[index] === 'true' ? [] : lines));
}

/** A condition with each part on a line of its own, as the editor shows long ones. */
export function onLines(source: string): string {
  const parts = partsOf(source);
  return parts.length < 2 || source.includes('\n') ? source : parts.map(({ text }, index) => (index > 0 ? `&& ${text}` : text)).join('\n');
}

export interface Fault {
  /** The message without what the mark in the editor says. */
  message: string;
  /** The stretch of the source, in UTF-16 units; null where the server named none. */
  at: { from: number; to: number } | null;
  line: number | null;
}

/** A refusal of the server's: "in collection messages: there is no field "autor" (at character 27)". */
export function faultFrom(message: string, source: string): Fault {
  const place = /\s*\(at character (\d+)\)\.?$/.exec(message);
  const words = (place ? message.slice(0, place.index) : message).replace(/^in collection \S+: /, '');
  const text = words.charAt(0).toUpperCase() + words.slice(1);
  if (!place) return { message: text, at: null, line: null };
  const from = unitsBefore(source, Number(place[1]) - 1);
  const word = /^[A-Za-z_]\w*|^"(?:[^"\\]|\\.)*"?|^\S+/.exec(source.slice(from))?.[0] ?? ' ';
  return { message: text, at: { from, to: from + word.length }, line: lineAt(source, from) };
}

/** Whether a condition speaks of the caller or of new values, so that it can't be counted for everybody. */
export function speaksOf(source: string, name: 'auth' | 'data'): boolean {
  const bare = source.replace(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/g, '""');
  return new RegExp(`(?<![\\w.])${name}\\b`).test(bare);
}

/**
 * A condition with each member of `data` as the record's own, which it is in kind: so the server, asked with it as a
 * filter, says what is wrong in it before it is saved. What `has` asks of a field is whether it is null.
 */
export function ofStored(source: string): string {
  const places = /("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|\bhas\(\s*data\s*\.\s*(\w+)\s*\)|(?<![\w.])data\s*\.\s*/g;
  return source.replace(places, (_, text?: string, field?: string) => text ?? (field ? `(${field} != null)` : ''));
}

function lineAt(source: string, offset: number): number {
  return source.slice(0, offset).split('\n').length;
}

function unitsBefore(source: string, characters: number): number {
  return [...source].slice(0, Math.max(0, characters)).join('').length;
}
