import { describe, expect, it } from 'vitest';
import { celOf, conditionOf, type Condition } from './condition';

const read: [string, Condition['path'], Condition['operator'], string][] = [
  ['body == "x"', 'body', 'is', '"x"'],
  ["body != 'x'", 'body', 'isNot', "'x'"],
  ['room.name == "launch"', 'room.name', 'is', '"launch"'],
  ['likes >= -3', 'likes', 'gte', '-3'],
  ['price < 10.0', 'price', 'lt', '10.0'],
  ['author == null', 'author', 'is', 'null'],
  ['createdAt >= timestamp("2026-01-01T00:00:00Z")', 'createdAt', 'gte', 'timestamp("2026-01-01T00:00:00Z")'],
  ['createdAt > now - duration("24h")', 'createdAt', 'inLast', '"24h"'],
  ['body.startsWith("A")', 'body', 'startsWith', '"A"'],
  ['room.name.contains("a \\"b\\"")', 'room.name', 'contains', '"a \\"b\\""'],
  ['"red" in tags', 'tags', 'has', '"red"'],
  ['kind in ["text", "image"]', 'kind', 'oneOf', '["text", "image"]'],
  ['size(tags) == 0', 'tags', 'empty', ''],
  ['size(tags) > 0', 'tags', 'notEmpty', ''],
];

describe('conditionOf', () => {
  it.each(read)('reads %s', (source, path, operator, value) => {
    expect(conditionOf(source)).toEqual({ path, operator, value });
  });

  it('reads a bare field as a question of true or false, and a mirrored comparison', () => {
    expect(conditionOf('pinned')).toEqual({ path: 'pinned', operator: 'is', value: 'true' });
    expect(conditionOf('!pinned')).toEqual({ path: 'pinned', operator: 'is', value: 'false' });
    expect(conditionOf('3 < likes')).toEqual({ path: 'likes', operator: 'gt', value: '3' });
  });

  it('leaves to the line what it does not know', () => {
    const beyond = [
      '',
      'a || b',
      'likes + 1 > 3',
      'likes == other',
      'tags.exists(t, t == "a")',
      'body == "a" && likes == 1',
      'body.contains(other)',
      'createdAt > now',
      'createdAt < now - duration("1h")',
      'size(tags) == 3',
      'kind in params.kinds',
      'body == "open',
      'true',
      '(likes == 1)',
    ];
    for (const source of beyond) expect(conditionOf(source), source).toBeNull();
  });
});

describe('celOf', () => {
  it.each(read)('writes %s so that it is read the same', (source) => {
    const condition = conditionOf(source);
    expect(condition && conditionOf(celOf(condition))).toEqual(condition);
  });
});
