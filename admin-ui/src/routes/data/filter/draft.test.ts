import { describe, expect, it } from 'vitest';
import { columnsOf } from '../columns';
import { celFor, draftFor, draftOf, subjectsOf, verbsOf, type Draft } from './draft';

const columns = columnsOf({
  schema: {
    required: ['body'],
    properties: {
      body: { type: 'string' },
      likes: { type: 'integer' },
      score: { type: 'number' },
      pinned: { type: 'boolean' },
      kind: { enum: ['text', 'image'] },
      at: { type: 'string', format: 'date-time' },
      room: { type: 'string', 'x-relation': { collection: 'rooms' } },
      tags: { type: 'array', items: { type: 'string' } },
      sizes: { type: 'array', items: { type: 'integer' } },
      meta: { type: 'object' },
    },
  },
});
const subjects = subjectsOf(columns, new Map([['rooms', 'name']]));
const subject = (path: string) => {
  const found = subjects.find((other) => other.path === path);
  if (!found) throw new Error(path);
  return found;
};
const cel = (draft: Partial<Draft> & { path: string }) => celFor({ verb: 'is', value: '', values: [], ...draft }, subject(draft.path));

describe('subjectsOf', () => {
  it('offers the label behind a relation', () => {
    expect(subjects.map(({ path }) => path)).toContain('room.name');
  });

  it('asks for NULL only where it can be, and of JSON nothing else', () => {
    expect(verbsOf(subject('body'))).not.toContain('isNull');
    expect(verbsOf(subject('meta'))).toEqual(['isNull', 'notNull']);
  });
});

describe('celFor', () => {
  it('writes each kind in its own literal', () => {
    expect(cel({ path: 'body', verb: 'contains', value: 'a "b"' })).toEqual({ cel: 'body.contains("a \\"b\\"")' });
    expect(cel({ path: 'score', verb: 'gt', value: '10' })).toEqual({ cel: 'score > 10.0' });
    expect(cel({ path: 'likes', value: '9223372036854775807' })).toEqual({ cel: 'likes == 9223372036854775807' });
    expect(cel({ path: 'pinned', value: 'false' })).toEqual({ cel: 'pinned == false' });
    expect(cel({ path: 'kind', verb: 'oneOf', values: ['text', 'image'] })).toEqual({ cel: 'kind in ["text", "image"]' });
    expect(cel({ path: 'at', verb: 'inLast', value: '24' })).toEqual({ cel: 'at > now - duration("24h")' });
    expect(cel({ path: 'tags', verb: 'has', value: 'a' })).toEqual({ cel: '"a" in tags' });
    expect(cel({ path: 'sizes', verb: 'has', value: '3' })).toEqual({ cel: '3 in sizes' });
    expect(cel({ path: 'likes', verb: 'notNull' })).toEqual({ cel: 'likes != null' });
  });

  it('says what is missing', () => {
    expect(cel({ path: 'likes', value: 'many' }).error).toContain('not a whole number');
    expect(cel({ path: 'kind', verb: 'oneOf' }).error).toBeDefined();
    expect(cel({ path: 'at', verb: 'inLast', value: 'x' }).error).toBeDefined();
  });
});

describe('draftOf', () => {
  it('takes up what celFor wrote', () => {
    const drafts: (Partial<Draft> & { path: string })[] = [
      { path: 'body', verb: 'startsWith', value: 'A' },
      { path: 'likes', verb: 'lte', value: '-3' },
      { path: 'room.name', value: 'launch' },
      { path: 'kind', verb: 'oneOf', values: ['text'] },
      { path: 'at', verb: 'gt', value: '2026-11-22T17:24:51' },
      { path: 'at', verb: 'inLast', value: '168' },
      { path: 'tags', verb: 'empty' },
      { path: 'room', verb: 'isNull' },
    ];
    for (const part of drafts) {
      const draft = { verb: 'is', value: '', values: [], ...part } as Draft;
      const written = cel(draft);
      expect(written.error).toBeUndefined();
      expect(draftOf('cel' in written ? written.cel : '', subjects)).toEqual(draft);
    }
  });

  it('leaves to the line what the form cannot show', () => {
    for (const source of ['gone == 1', 'likes.contains("a")', 'tags.exists(t, t == "a")', 'at > now - duration("90m")', 'a || b']) {
      expect(draftOf(source, subjects), source).toBeNull();
    }
  });

  it('starts with something that can be applied for choices, booleans and times', () => {
    for (const path of ['pinned', 'kind', 'at']) expect(celFor(draftFor(subject(path)), subject(path)).error).toBeUndefined();
  });
});
