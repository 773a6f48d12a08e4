/** JSON as text for people: one property a line where it fits, members in the order they have. */

const WIDTH = 76;

/** JSON that `parseSource` reads back to the same value. What stands at the pointers `open` gets a line a member. */
export function print(value: object, open: readonly string[]): string {
  return write(value, 0, '', open);
}

function write(value: unknown, indent: number, pointer: string, open: readonly string[]): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const flat = inline(value);
  const always = pointer === '' || open.includes(pointer);
  if (flat === '{}' || flat === '[]' || (!always && indent + flat.length <= WIDTH)) return flat;
  const inner = ' '.repeat(indent + 2);
  const lines = Array.isArray(value)
    ? value.map((item, index) => inner + write(item, indent + 2, `${pointer}/${index}`, open))
    : members(value).map(([name, member]) => {
        const head = `${inner}${JSON.stringify(name)}: `;
        return head + write(member, indent + 2, `${pointer}/${name}`, open);
      });
  const [first, last] = Array.isArray(value) ? '[]' : '{}';
  return `${first}\n${lines.join(',\n')}\n${' '.repeat(indent)}${last}`;
}

function inline(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(inline).join(', ')}]`;
  const inside = members(value).map(([name, member]) => `${JSON.stringify(name)}: ${inline(member)}`);
  return inside.length > 0 ? `{ ${inside.join(', ')} }` : '{}';
}

/** What is undefined is not there, as in JSON. */
function members(value: object): [string, unknown][] {
  return Object.entries(value).filter(([, member]) => member !== undefined);
}
