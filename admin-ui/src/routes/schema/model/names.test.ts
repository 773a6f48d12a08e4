import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { lineKeys, nameFault, ofDatabases, reserved, reservedInUsers } from './names';

it.each([
  ['body', null],
  ['', 'The field needs a name'],
  ['Body', 'Starts with a small letter, a to z'],
  ['a-b', 'Letters a to z, digits and _ only'],
  ['id', 'id is reserved: every record has it'],
  ['auth', 'auth is reserved: expressions use it'],
  ['function', 'function is reserved: it is a word of expressions'],
  ['delete', 'delete is reserved: it begins a statement of SQL'],
  ['xmin', 'xmin is reserved: every table of Postgres has it'],
  ['password', null],
  ['pg_size', null],
  ['likes', 'There is a field likes already'],
  ['liKes', 'Differs from likes in case only'],
  ['a'.repeat(200), '200 characters; at most 63 are possible'],
])('%s', (name, fault) => {
  expect(nameFault(name, ['likes'], 'field')).toBe(fault);
});

it('knows what accounts and collections can’t be called beyond that', () => {
  expect(nameFault('password', [], 'account field')).toBe('password is reserved: the API of accounts uses it');
  expect(nameFault('', [], 'account field')).toBe('The field needs a name');
  expect(nameFault('pg_size', [], 'collection')).toBe('pg_size is reserved: the databases’ own tables begin with pg_');
  expect(nameFault('sQLite_x', [], 'collection')).toBe('sQLite_x is reserved: the databases’ own tables begin with sqlite_');
  expect(nameFault('create', [], 'collection')).toBe('create is reserved: it begins a statement of SQL');
});

describe('what is reserved', () => {
  const source = (file: string) => readFileSync(new URL(`../../../../../server/crates/model/src/schema/${file}`, import.meta.url), 'utf8');
  /** The words between the brackets that follow `start` in a file of the server's. */
  function words(file: string, start: string): string[] {
    const text = source(file);
    const at = text.indexOf(start);
    const list = at < 0 ? '' : /=?\s*&?\[([^\]]*)\]/.exec(text.slice(at + start.length))?.[1];
    const found = [...(list ?? '').matchAll(/"([^"]*)"/g)].map((match) => match[1] ?? '');
    expect(found.length, `${start} in ${file}`).toBeGreaterThan(0);
    return found.sort();
  }
  const sorted = (...lists: string[][]) => lists.flat().sort();

  it('is what the server refuses as a field', () => {
    expect(sorted(reserved.record, reserved.roots)).toEqual(words('name.rs', 'RESERVED: [&str;'));
    expect(sorted(reserved.language)).toEqual(words('name.rs', 'CEL_WORDS: [&str;'));
    expect(sorted(reserved.statements)).toEqual(words('name.rs', 'STATEMENTS: [&str;'));
    expect(sorted(reserved.columns)).toEqual(words('name.rs', 'POSTGRES_COLUMNS: [&str;'));
    // No list has come to these.
    expect(source('name.rs')).toContain('[&RESERVED[..], &CEL_WORDS, &STATEMENTS, &POSTGRES_COLUMNS]');
  });

  it('is what the server refuses in users, and as a collection', () => {
    expect(sorted(reservedInUsers)).toEqual(words('property.rs', 'RESERVED_IN_USERS: [&str;'));
    expect(sorted(ofDatabases)).toEqual(words('name.rs', 'let of_a_database'));
  });
});

describe('lineKeys', () => {
  it('keeps the first name as the key, and tells apart who came to the same', () => {
    expect(lineKeys(['room', 'text'])).toEqual(['room', 'text']);
    expect(lineKeys(['text', 'room', 'text', 'text'])).toEqual(['text', 'room', 'text+', 'text++']);
  });
});
