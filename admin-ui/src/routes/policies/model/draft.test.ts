import { describe, expect, test } from 'vitest';
import type { Rule } from '@plinth/client/admin';
import { rulingOf } from './cells';
import { draftsAt, faultIn, opensToPublic, ruleOf, stepsFor, withSteps, type Draft } from './draft';
import { keyOf, placeOf, type Place } from './place';

const place: Place = { subject: 'role:user', action: 'update', object: 'messages' };
const stored: Rule = { id: 'r1', ...place, condition: 'author == auth.id', fields: 'body, meta', effect: 'allow' };
const other: Rule = { ...stored, id: 'r2', action: 'read' };

function only(drafts: readonly Draft[]): Draft {
  const [draft] = drafts;
  if (!draft || drafts.length !== 1) throw new Error(`${drafts.length} drafts`);
  return draft;
}

describe('drafts', () => {
  test('are the rules that stand exactly there', () => {
    expect(only(draftsAt(place, [stored, other]))).toMatchObject({ id: 'r1', ruling: 'if', fields: ['body', 'meta'] });
  });

  test('start at No rule where there is none, and ask for nothing then', () => {
    const draft = only(draftsAt(place, [other]));
    expect(draft).toMatchObject({ id: null, ruling: 'none' });
    expect(stepsFor(place, [draft], [other])).toEqual([]);
  });

  test('that say the same as the stored rule ask for nothing', () => {
    expect(stepsFor(place, draftsAt(place, [stored]), [stored])).toEqual([]);
  });

  test('become requests: change, remove, add', () => {
    const draft = only(draftsAt(place, [stored]));
    expect(stepsFor(place, [{ ...draft, ruling: 'allow' }], [stored])).toMatchObject([{ type: 'update', rule: { condition: '', fields: 'body,meta' } }]);
    expect(stepsFor(place, [{ ...draft, ruling: 'none' }], [stored])).toMatchObject([{ type: 'delete', before: { id: 'r1' } }]);
    const fresh = { ...only(draftsAt(place, [])), ruling: 'deny' as const };
    expect(stepsFor(place, [fresh], [])).toMatchObject([{ type: 'create', rule: { ...place, effect: 'deny', condition: '' } }]);
  });

  test('remove last', () => {
    const gone = { ...only(draftsAt(place, [stored])), ruling: 'none' as const };
    const fresh = { ...only(draftsAt(place, [])), ruling: 'allow' as const };
    expect(stepsFor(place, [gone, fresh], [stored]).map(({ type }) => type)).toEqual(['create', 'delete']);
  });

  test('keep a condition while the ruling is Allow, but do not send it', () => {
    const draft = { ...only(draftsAt(place, [stored])), ruling: 'allow' as const };
    expect(draft.condition).toBe('author == auth.id');
    expect(ruleOf(place, draft)).toMatchObject({ condition: '' });
  });
});

test('the rules after the steps are what the matrix shows', () => {
  const draft = { ...only(draftsAt(place, [stored])), ruling: 'deny' as const };
  const fresh: Draft = { key: 'new', id: null, ruling: 'allow', condition: '', fields: null };
  const after = withSteps([stored, other], stepsFor(place, [draft, fresh], [stored, other]));
  expect(after.map(({ id, effect }) => [id, effect])).toEqual([['r1', 'deny'], ['r2', 'allow'], ['new', 'allow']]);
});

test('an If whose condition is still to be written is shown as one, and as unsaved', () => {
  const open: Rule = { ...stored, condition: '' };
  const draft = { ...only(draftsAt(place, [open])), ruling: 'if' as const };
  const steps = stepsFor(place, [draft], [open]);
  expect(steps).toMatchObject([{ type: 'update' }]);
  expect(rulingOf(withSteps([open], steps))).toBe('if');
  expect(faultIn(draft)?.member).toBe('condition');
});

test('an empty condition and no fields at all are said before the server is asked', () => {
  const draft: Draft = { key: 'k', id: null, ruling: 'if', condition: '  ', fields: null };
  expect(faultIn(draft)?.member).toBe('condition');
  expect(faultIn({ ...draft, condition: 'true', fields: [] })?.member).toBe('fields');
  expect(faultIn({ ...draft, ruling: 'none' })).toBeNull();
});

test('what opens something to the public is told apart', () => {
  const open: Place = { ...place, subject: 'role:public' };
  const allow: Draft = { key: 'k', id: null, ruling: 'allow', condition: '', fields: null };
  expect(stepsFor(open, [allow], []).some(opensToPublic)).toBe(true);
  expect(stepsFor(open, [{ ...allow, ruling: 'deny' }], []).some(opensToPublic)).toBe(false);
  expect(stepsFor(place, [allow], []).some(opensToPublic)).toBe(false);
  const lifted: Rule = { ...stored, ...open, effect: 'deny' };
  expect(stepsFor(open, [{ ...allow, id: 'r1', ruling: 'none' }], [lifted]).some(opensToPublic)).toBe(true);
});

test('a place survives the address bar, and nothing else is one', () => {
  for (const at of [place, { subject: 'user:01890a5d-ac96-774b-bcce-b302099a8057', action: '*', object: 'blog_*' } as const]) expect(placeOf(keyOf(at))).toEqual(at);
  for (const bad of [null, '', 'role:user/update', 'user/update/messages', 'role:user/paint/messages', 'role:/read/a', 'role:a/read/b/c']) expect(placeOf(bad)).toBeNull();
});
