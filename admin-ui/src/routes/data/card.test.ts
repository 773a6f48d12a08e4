import { describe, expect, it } from 'vitest';
import { cardOf } from './card';
import { columnsOf } from './columns';

const cards = (properties: object) => {
  const card = cardOf(columnsOf({ schema: { properties: { ...properties } } }));
  return { head: card.head?.name, body: card.body?.name, time: card.time?.name, rest: card.rest.map(({ name }) => name) };
};

describe('cardOf', () => {
  it('says who wrote what when', () => {
    expect(cards({ body: { type: 'string' }, author: { type: 'string', 'x-relation': { collection: 'users' } }, likes: { type: 'integer' } })).toEqual({
      head: 'author',
      body: 'body',
      time: 'createdAt',
      rest: ['likes', 'updatedAt'],
    });
  });

  it('heads with the first text where there is no relation', () => {
    expect(cards({ n: { type: 'integer' }, name: { type: 'string' }, topic: { type: 'string' } })).toMatchObject({ head: 'name', body: 'topic' });
  });

  it('takes what there is', () => {
    expect(cards({ n: { type: 'integer' } })).toMatchObject({ head: 'n', body: undefined });
  });
});
