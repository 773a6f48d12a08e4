/** Rules that have no cell of their own, and the accounts that rules name. */
import type { Rule } from '@plinth/client/admin';
import { isGlob, isSystem, roleIn } from './place';

/** Whether a rule stands in no cell of the matrix. */
export function isWide({ subject, object, action }: Pick<Rule, 'subject' | 'object' | 'action'>): boolean {
  const role = roleIn(subject);
  return role === null || role === 'admin' || action === '*' || isGlob(object) || isSystem(object);
}

/** The wide rules that a search text names; all of them for none. */
export function wideAmong(rules: readonly Rule[], text: string): Rule[] {
  const wanted = text.trim().toLowerCase();
  const fits = ({ subject, object }: Rule) => subject.toLowerCase().includes(wanted) || object.toLowerCase().includes(wanted) || globMeets(object, wanted);
  return rules.filter((rule) => isWide(rule) && fits(rule));
}

/** A glob is about whatever it could cover: `*` about everything, `blog_*` about what starts so. */
function globMeets(object: string, wanted: string): boolean {
  if (!isGlob(object) || wanted === '') return false;
  const head = object.slice(0, object.indexOf('*')).toLowerCase();
  return wanted.startsWith(head) || head.startsWith(wanted);
}

/** Ids of the accounts to show by their e-mail: subjects of rules, and the one the simulator asks for. */
export function accountsIn(rules: readonly Pick<Rule, 'subject'>[], subject: string | null): string[] {
  const subjects = [...rules.map((rule) => rule.subject), subject ?? ''];
  return [...new Set(subjects.filter((other) => other.startsWith('user:')).map((other) => other.slice(5)))].toSorted();
}
