import { describe, expect, it } from 'vitest';
import type { JsonSchema } from '@plinth/client/admin';
import { changesOf, likelyRename, same } from './changes';
import { addField, removeField, renameField, setRequired } from './fields';

const base: JsonSchema = {
  type: 'object',
  required: ['body'],
  properties: { body: { type: 'string', maxLength: 4000 }, hearts: { type: 'integer' }, kind: { enum: ['a'] } },
};
const kinds = (draft: JsonSchema) => changesOf(base, draft).map(({ kind, name }) => `${kind} ${name}`);

describe('changesOf', () => {
  it('is empty for the same schema, whatever the order of keywords', () => {
    expect(kinds(base)).toEqual([]);
    expect(kinds({ ...base, properties: { ...base.properties, body: { maxLength: 4000, type: 'string' } } })).toEqual([]);
  });

  it('tells added, changed, renamed and removed', () => {
    let draft = renameField(base, 'hearts', 'likes', 'hearts');
    draft = addField(draft, 'threadId', { type: 'string' });
    draft = removeField(draft, 'kind');
    draft = { ...draft, properties: { ...draft.properties, body: { type: 'string', maxLength: 2000 } } };
    expect(kinds(draft)).toEqual(['changed body', 'renamed likes', 'added threadId', 'removed kind']);
  });

  it('counts being required as a change of the field', () => {
    expect(kinds(setRequired(base, 'hearts', true))).toEqual(['changed hearts']);
  });

  it('says added for everything when there is nothing yet', () => {
    expect(changesOf(null, base).map(({ kind }) => kind)).toEqual(['added', 'added', 'added']);
  });
});

describe('likelyRename', () => {
  it('sees a rename that was typed', () => {
    const typed = addField(removeField(base, 'hearts'), 'likes', { type: 'integer', minimum: 0 });
    expect(likelyRename(base, typed)).toEqual({ from: 'hearts', to: 'likes' });
  });

  it('does not guess between kinds or several', () => {
    const other = addField(removeField(base, 'hearts'), 'likes', { type: 'string' });
    expect(likelyRename(base, other)).toBeNull();
    expect(likelyRename(base, addField(addField(removeField(base, 'hearts'), 'a', { type: 'integer' }), 'b', { type: 'integer' }))).toBeNull();
  });
});

it('compares as JSON', () => {
  expect(same({ a: [1, { b: null }] }, { a: [1, { b: null }] })).toBe(true);
  expect(same([1, 2], [2, 1])).toBe(false);
  expect(same({ a: undefined }, {})).toBe(false);
});
