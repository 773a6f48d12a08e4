import { describe, expect, it } from 'vitest';
import { curlCreate, curlList, sdkCreate, sdkList, sdkProgram } from './code';
import { columnsOf } from './columns';

const asked = { collection: 'messages', filter: `body == "it's"`, sort: [], expand: ['author'] };
const columns = columnsOf({
  schema: { required: ['body', 'room'], properties: { body: { type: 'string' }, room: { type: 'string', 'x-relation': { collection: 'rooms' } }, n: { type: 'integer' } } },
});

describe('code of a view', () => {
  it('is a call of the client', () => {
    expect(sdkList(asked)).toBe(
      `const page = await db.collection('messages').list({ filter: "body == \\"it's\\"", expand: { author: true }, orderBy: ['-createdAt'] });`,
    );
  });

  it('is a program around that call, which follows the same records', () => {
    const program = sdkProgram(asked, 'http://h');
    expect(program).toContain(`createClient<Schema>('http://h')`);
    expect(program).toContain(sdkList(asked));
    expect(program).toContain(`.subscribe({ filter: "body == \\"it's\\"" }, {`);
    expect(sdkProgram({ ...asked, filter: '' }, 'http://h')).toContain('.subscribe({}, {');
  });

  it('is a request whose quotes hold', () => {
    expect(curlList(asked, 'http://h')).toContain(`--data-urlencode 'filter=body == "it'\\''s"' -d expand=author -d sort=-createdAt`);
  });
});

describe('code of a first record', () => {
  it('gives what the schema asks for', () => {
    expect(sdkCreate('messages', columns)).toBe(`await db.collection('messages').create({ body: 'A body', room: 'id of rooms' });`);
    expect(curlCreate('messages', columns, 'http://h')).toContain(`--json '{"body":"A body","room":"id of rooms"}'`);
  });

  it('gives something where nothing is required', () => {
    expect(sdkCreate('c', columnsOf({ schema: { properties: { n: { type: 'integer', minimum: 3 } } } }))).toBe(`await db.collection('c').create({ n: 3 });`);
  });
});
