/** A value as one line of text: for the clipboard, for "was …" and for toasts. */
import { stringify } from '../../../session/exactJson';
import type { Column } from '../columns';
import { shortId } from '../label';
import { momentText } from './moment';

/** The whole value as it can be pasted elsewhere: times in UTC, JSON as JSON, nothing for NULL. */
export function plainText(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'object' ? stringify(value) : String(value);
}

/** Rows as lines and values parted by tabs, as spreadsheets take them: what holds a tab, a line or a quote is quoted. */
export function tableText(rows: readonly Readonly<Record<string, unknown>>[], names: readonly string[]): string {
  const cell = (value: unknown) => {
    const text = plainText(value);
    return /[\t\r\n"]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return rows.map((row) => names.map((name) => cell(row[name])).join('\t')).join('\n');
}

/** A short reading of the value. */
export function shortText(column: Pick<Column, 'kind'>, value: unknown, most = 60): string {
  if (value === null || value === undefined) return 'NULL';
  if (value === '') return '""';
  if (column.kind === 'relation') return shortId(String(value));
  const text = column.kind === 'dateTime' ? momentText(String(value)) : plainText(value).replace(/\s+/g, ' ');
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}
