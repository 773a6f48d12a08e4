/** Takes a server's refusal apart: what belongs to a field, and what to the whole. */
import { problemOf } from '../../session/problem';

export interface Refused {
  fields: Record<string, string>;
  /** Set where something of it has no field to stand at. */
  whole: unknown;
}

/** Messages by field for the names that the form shows. */
export function refusedBy(error: unknown, names: readonly string[]): Refused {
  const { errors } = problemOf(error);
  const fields: Record<string, string> = {};
  let placed = errors.length > 0;
  for (const { pointer, message } of errors) {
    const name = pointer.split('/')[1] ?? '';
    if (names.includes(name)) fields[name] = [fields[name], message].filter(Boolean).join(' ');
    else placed = false;
  }
  return { fields, whole: placed ? undefined : error };
}
