import { describe, expect, it } from 'vitest';
import { addPart, partsOf, removePart, replacePart } from './chain';

const texts = (source: string) => partsOf(source).map(({ text }) => text);

describe('partsOf', () => {
  it('cuts at && outside brackets and strings', () => {
    expect(texts('room.name == "launch" && !(kind == "system" && likes == 0)&&body.contains("a && b")')).toEqual([
      'room.name == "launch"',
      '!(kind == "system" && likes == 0)',
      'body.contains("a && b")',
    ]);
  });

  it('keeps whole what is no chain', () => {
    for (const source of ['a || b && c', 'a && (b', 'a && b)', '&& a', 'a &&', 'a && && b', 'a && "open', 'a ? b : c && d']) {
      expect(texts(source)).toEqual([source]);
    }
    expect(texts('  ')).toEqual([]);
  });

  it('cuts alternatives at || alike', () => {
    expect(partsOf('a == 1 || b == 2 && c == 3 || (d || e)', '||').map(({ text }) => text)).toEqual(['a == 1', 'b == 2 && c == 3', '(d || e)']);
    expect(partsOf('a ||', '||').map(({ text }) => text)).toEqual(['a ||']);
  });

  it('tells places that slice the source', () => {
    const source = '  a == 1  &&  b == 2 ';
    expect(partsOf(source).map(({ from, to }) => source.slice(from, to))).toEqual(['a == 1', 'b == 2']);
  });
});

describe('changes of a chain', () => {
  const source = 'a == 1  &&  b == 2 && c == 3';

  it('replace one stretch and leave the rest as typed', () => {
    const second = partsOf(source)[1];
    expect(second && replacePart(source, second, 'b == 9')).toBe('a == 1  &&  b == 9 && c == 3');
  });

  it('remove a condition with its joint', () => {
    expect(removePart(source, 0)).toBe('b == 2 && c == 3');
    expect(removePart(source, 1)).toBe('a == 1  &&  c == 3');
    expect(removePart(source, 2)).toBe('a == 1  &&  b == 2');
    expect(removePart('a == 1', 0)).toBe('');
    expect(removePart('a == 1', 3)).toBe('a == 1');
  });

  it('add behind, with brackets round alternatives', () => {
    expect(addPart('', 'a == 1')).toBe('a == 1');
    expect(addPart('a == 1', 'b == 2')).toBe('a == 1 && b == 2');
    expect(addPart('a == 1 || b == 2', 'c == 3')).toBe('(a == 1 || b == 2) && c == 3');
    expect(addPart('(a == 1 || b == 2)', 'c == 3')).toBe('(a == 1 || b == 2) && c == 3');
  });
});
