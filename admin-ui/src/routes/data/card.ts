/** How the chosen columns share a card: a heading, a time, a text, and the rest in a line. */
import type { Column } from './columns';

interface Card {
  head: Column | undefined;
  time: Column | undefined;
  body: Column | undefined;
  rest: Column[];
}

/** The first relation heads the card where there is a text to say below it, else the first text does. */
export function cardOf(columns: readonly Column[]): Card {
  const shown = columns.filter(({ kind }) => kind !== 'id');
  const text = shown.find(({ kind }) => kind === 'text');
  const relation = shown.find(({ kind }) => kind === 'relation');
  const head = text && relation ? relation : (text ?? relation ?? shown[0]);
  const body = head === relation && text ? text : shown.find((column) => column.kind === 'text' && column !== head);
  const time = shown.find(({ name }) => name === 'createdAt') ?? shown.find(({ kind }) => kind === 'dateTime');
  return { head, time, body, rest: shown.filter((column) => column !== head && column !== body && column !== time) };
}
