/** Places and rules in words, for titles, tooltips and readers. */
import { rulingWords } from '../../../ui/Verdict.svelte';
import type { Cell } from './cells';
import { isGlob, isSystem, roleIn, type Place } from './place';

/** How an account is called, where the page knows it. */
export type AccountNames = Readonly<Record<string, string>>;

/** `user`, or an account's e-mail. */
export function subjectWords(subject: string, accounts: AccountNames): string {
  const role = roleIn(subject);
  if (role !== null) return role;
  const id = subject.slice(5);
  return accounts[id] ?? `account …${id.slice(-6)}`;
}

/** "user may update messages". */
export function placeWords({ subject, action, object }: Place, accounts: AccountNames): string {
  return `${subjectWords(subject, accounts)} may ${actionWords(action)} ${objectWords(object)}`;
}

function actionWords(action: Place['action']): string {
  return action === '*' ? 'do everything with' : action;
}

function objectWords(object: string): string {
  if (object === '*') return 'all collections';
  if (object === 'sys:*') return 'all of the administration';
  if (isSystem(object)) return `${object.slice(4)} of the administration`;
  return isGlob(object) ? `collections ${object}` : object;
}

/** "If, inherited from user": what a cell says beside its glyph. */
export function cellWords(cell: Cell): string {
  const word = rulingWords[cell.ruling];
  if (cell.inheritedFrom === null) return cell.own.length > 1 ? `${word}, ${cell.own.length} rules` : word;
  const own = cell.own.length > 0 ? '; its own rules add nothing' : '';
  return `${word}, inherited from ${cell.inheritedFrom}${own}`;
}
