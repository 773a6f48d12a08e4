import { describe, expect, it } from 'vitest';
import { durationWord, isGroup, listOf, sentence, wordsOf } from './words';

describe('wordsOf', () => {
  it('says conditions as people do', () => {
    expect(sentence('room.name == "launch"')).toBe('room.name is launch');
    expect(sentence('createdAt > now - duration("24h")')).toBe('createdAt in the last 24 h');
    expect(sentence('author == null')).toBe('author is NULL');
    expect(sentence('body != ""')).toBe('body is not ""');
    expect(sentence('!pinned')).toBe('pinned is false');
    expect(sentence('"red" in tags')).toBe('tags has red');
    expect(sentence('kind in ["text", "image"]')).toBe('kind is one of text, image');
    expect(sentence('size(tags) > 0')).toBe('tags is not empty');
    expect(sentence('at >= timestamp("2020-03-01T12:00:00.000Z")')).toMatch(/^at from 1 Mar 2020, /);
  });

  it('says groups with their joints', () => {
    expect(sentence('!(kind == "system" && likes == 0)')).toBe('not kind is system and likes is 0');
    expect(sentence('(a == 1 || b == 2)')).toBe('a is 1 or b is 2');
    expect(isGroup('(a == 1) && (b == 2)')).toBe(false);
    expect(isGroup('!(a == ")")')).toBe(true);
  });

  it('keeps as code what it does not know, cut to a chip’s length', () => {
    expect(wordsOf('tags.exists(t, t == "a")')).toEqual([{ text: 'tags.exists(t, t == "a")', role: 'code' }]);
    expect(wordsOf('x'.repeat(99) + '()')[0]?.text).toHaveLength(40);
  });
});

describe('durationWord and listOf', () => {
  it('read durations and lists', () => {
    expect(durationWord('168h')).toBe('7 days');
    expect(durationWord('24h')).toBe('24 h');
    expect(durationWord('1h30m')).toBe('1 h 30 min');
    expect(listOf('["a, b", 3, null]')).toEqual(['"a, b"', '3', 'null']);
  });
});
