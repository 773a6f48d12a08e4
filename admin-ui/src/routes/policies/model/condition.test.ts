import { expect, test } from 'vitest';
import { failingLines, faultFrom, ofStored, onLines, placedParts, speaksOf } from './condition';

const source = 'author == auth.id\n&& data.author == author\n&& createdAt > now - duration("15m")';

test('parts stand on their lines', () => {
  expect(placedParts(source).map(({ lines }) => lines)).toEqual([[1], [2], [3]]);
  expect(placedParts('a == 1 && (b ||\n c)')).toEqual([{ text: 'a == 1', lines: [1] }, { text: '(b || c)', lines: [1, 2] }]);
});

test('the lines of the parts that fail are marked, and none where the server saw other parts', () => {
  expect(failingLines(source, ['true', 'true', 'false'])).toEqual([3]);
  expect(failingLines(source, ['error', 'true', 'false'])).toEqual([1, 3]);
  expect(failingLines(source, ['false'])).toEqual([]);
});

test('a long condition is laid out one part a line, once', () => {
  const laid = onLines('a == 1 && b == 2');
  expect(laid).toBe('a == 1\n&& b == 2');
  expect(onLines(laid)).toBe(laid);
  expect(onLines('a || b')).toBe('a || b');
});

test('a refusal of the server is put at its place', () => {
  const text = 'author == auth.id\n&& data.autor == author';
  const fault = faultFrom('in collection messages: there is no field "autor" (did you mean "author"?) (at character 27)', text);
  expect(fault.message).toBe('There is no field "autor" (did you mean "author"?)');
  expect(text.slice(fault.at?.from, fault.at?.to)).toBe('autor');
  expect(fault.line).toBe(2);
});

test('characters beyond the basic plane count once', () => {
  const text = 'body == "🎈🎈" && x';
  const fault = faultFrom('in collection m: there is no field "x" (at character 17)', text);
  expect(text.slice(fault.at?.from, fault.at?.to)).toBe('x');
});

test('a refusal without a place is only words', () => {
  expect(faultFrom('there is a rule that says exactly this', source)).toEqual({ message: 'There is a rule that says exactly this', at: null, line: null });
});

test('what is asked of new values is asked of the stored record to be checked', () => {
  expect(ofStored('data.autor == auth.id')).toBe('autor == auth.id');
  expect(ofStored('data . author.email == "data.x" && has(data.text) && has(data.meta.size)')).toBe('author.email == "data.x" && (text != null) && has(meta.size)');
  expect(ofStored("metadata.data.x == 1 && data == 'data.y'")).toBe("metadata.data.x == 1 && data == 'data.y'");
});

test('what a condition speaks of is not looked for in texts or members', () => {
  expect(speaksOf('author == auth.id', 'auth')).toBe(true);
  expect(speaksOf('title == "auth.id" && meta.auth == 1', 'auth')).toBe(false);
  expect(speaksOf('metadata == 1', 'data')).toBe(false);
});
