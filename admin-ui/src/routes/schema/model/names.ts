/** Names of collections and fields, by the contract's rules; the server has the last word. */

const PATTERN = /^[a-z][A-Za-z0-9_]{0,62}$/;
const RESERVED = ['id', 'createdAt', 'updatedAt', 'expand', 'auth', 'data', 'now', 'params'];

/** Why a name cannot be, or null. `others` are the names beside it. */
export function nameFault(name: string, others: readonly string[], what: 'field' | 'collection'): string | null {
  if (name === '') return `The ${what} needs a name`;
  if (name.length > 63) return `${name.length} characters; at most 63 are possible`;
  if (/^[^a-z]/.test(name)) return 'Starts with a small letter, a to z';
  if (!PATTERN.test(name)) return 'Letters a to z, digits and _ only';
  if (RESERVED.includes(name)) return `${name} is reserved: ${what === 'field' ? 'every record has it or expressions use it' : 'expressions use it'}`;
  const twin = others.find((other) => other.toLowerCase() === name.toLowerCase());
  if (twin === undefined) return null;
  return twin === name ? `There is a ${what} ${name} already` : `Differs from ${twin} in case only`;
}

/** Keys for the lines of a list, from what each was called first: a name that another line once had gets a key of its own. */
export function lineKeys(first: readonly string[]): string[] {
  const seen = new Set<string>();
  return first.map((name) => {
    let key = name;
    while (seen.has(key)) key += '+';
    seen.add(key);
    return key;
  });
}
