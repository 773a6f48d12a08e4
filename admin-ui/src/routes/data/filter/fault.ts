/** Where in the line a problem lies. The server counts characters; the editor counts UTF-16 units. */

import { PlinthError } from '@plinth/client';

export interface Fault {
  from: number;
  to: number;
}

/** Whether an error of a list is about its filter. */
export function isFilterFault(error: unknown): error is PlinthError {
  return error instanceof PlinthError && error.status === 400 && (error.code === 'invalid_filter' || typeof error.problem.position === 'number');
}

/** The stretch that `position` and `end` of a problem name in `source`; null where it names none. */
export function faultOf(problem: { [member: string]: unknown }, source: string): Fault | null {
  if (typeof problem.position !== 'number') return null;
  const from = unitsBefore(source, problem.position);
  return { from, to: typeof problem.end === 'number' ? unitsBefore(source, problem.end) : from + 1 };
}

function unitsBefore(source: string, characters: number): number {
  return [...source].slice(0, characters).join('').length;
}
