import { describe, expect, it } from 'vitest';
import { lineKeys, nameFault } from './names';

it.each([
  ['body', null],
  ['', 'The field needs a name'],
  ['Body', 'Starts with a small letter, a to z'],
  ['a-b', 'Letters a to z, digits and _ only'],
  ['id', 'id is reserved: every record has it or expressions use it'],
  ['likes', 'There is a field likes already'],
  ['liKes', 'Differs from likes in case only'],
  ['a'.repeat(200), '200 characters; at most 63 are possible'],
])('%s', (name, fault) => {
  expect(nameFault(name, ['likes'], 'field')).toBe(fault);
});

describe('lineKeys', () => {
  it('keeps the first name as the key, and tells apart who came to the same', () => {
    expect(lineKeys(['room', 'text'])).toEqual(['room', 'text']);
    expect(lineKeys(['text', 'room', 'text', 'text'])).toEqual(['text', 'room', 'text+', 'text++']);
  });
});
