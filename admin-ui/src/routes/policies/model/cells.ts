/**
 * What a cell of the matrix says: the rules of a role and of the roles it inherits, come down to one ruling. The
 * ruling is the one in force: an own "If" under an inherited "Allow" is an allow that is inherited.
 */
import type { Rule, RuleInput } from '@plinth/client/admin';
import { covers } from '../../../catalog/exposure';
import type { Ruling } from '../../../ui/Verdict.svelte';
import { isSystem, roleIn, type CellAction } from './place';

export interface Cell {
  ruling: Ruling;
  /** The role it comes from, where it is not the cell's own. */
  inheritedFrom: string | null;
  /** Rules of the role itself, wide ones among them. */
  own: readonly Rule[];
  /** Rules of inherited roles. */
  inherited: readonly Rule[];
}

/** Rules by role, so that a matrix looks at each of them once a cell at most. */
type RulesByRole = ReadonlyMap<string, readonly Rule[]>;

/** Groups the rules on collections by role. */
export function byRole(rules: readonly Rule[]): RulesByRole {
  const groups = new Map<string, Rule[]>();
  for (const rule of rules) {
    const role = roleIn(rule.subject);
    if (role === null || isSystem(rule.object)) continue;
    const group = groups.get(role);
    if (group) group.push(rule);
    else groups.set(role, [rule]);
  }
  return groups;
}

/** The cell of the first role of `lineage`. */
export function cellOf(lineage: readonly string[], action: CellAction, collection: string, rules: RulesByRole): Cell {
  const reaching = lineage.map((role) => (rules.get(role) ?? []).filter((rule) => reaches(rule, action, collection)));
  const own = reaching[0] ?? [];
  const inherited = reaching.slice(1).flat();
  const ruling = rulingOf([...own, ...inherited]);
  const alone = rulingOf(inherited);
  const foreign = ruling !== 'none' && (own.length === 0 || (ruling === alone && ruling !== rulingOf(own)));
  return { ruling, inheritedFrom: foreign ? sourceOf(inherited, ruling) : null, own, inherited };
}

/** Whether a rule applies to an action on a collection. */
export function reaches(rule: Pick<RuleInput, 'action' | 'object'>, action: string, collection: string): boolean {
  return (rule.action === action || rule.action === '*') && covers(rule.object, collection);
}

/**
 * What rules come down to: nothing allows, so no; an unconditional deny beats everything; conditions on either
 * side make it depend on the row. Rules that deny single fields leave the rows alone.
 */
export function rulingOf(rules: readonly Pick<RuleInput, 'effect' | 'condition' | 'fields'>[]): Ruling {
  const allows = rules.filter(({ effect }) => effect === 'allow');
  const denies = rules.filter(({ effect, fields }) => effect === 'deny' && fields === '');
  if (denies.some(isFlat)) return 'deny';
  if (allows.length === 0) return denies.length > 0 ? 'deny' : 'none';
  return allows.some(isFlat) && denies.length === 0 ? 'allow' : 'if';
}

function isFlat({ condition }: { condition: string }): boolean {
  return condition.trim() === '';
}

/** The nearest role with a rule that says so by itself, else the nearest with any. */
function sourceOf(inherited: readonly Rule[], ruling: Ruling): string | null {
  const telling = inherited.find((rule) => rulingOf([rule]) === ruling) ?? inherited[0];
  return telling ? roleIn(telling.subject) : null;
}
