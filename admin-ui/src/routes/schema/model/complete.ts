/** Completion inside a definition: keywords of the schema, and the values of those that have a few. */
import type { CompletionContext, CompletionResult } from '@codemirror/autocomplete';
import type { Form } from './definition';

const keywords: Record<string, string> = {
  type: 'the kind of value',
  enum: 'one of these',
  format: 'date-time, email, uri, uuid …',
  description: 'shown in forms and types',
  title: 'a name for people',
  default: 'of new records',
  examples: 'shown in forms',
  deprecated: 'still there, not for new code',
  minLength: 'characters',
  maxLength: 'characters',
  pattern: 'a regular expression',
  minimum: 'least number',
  maximum: 'greatest number',
  multipleOf: 'steps of a number',
  items: 'what a list holds',
  minItems: 'of a list',
  maxItems: 'of a list',
  uniqueItems: 'of a list',
  properties: 'the fields',
  required: 'fields that must be set',
  readOnly: 'set by the server only',
  writeOnly: 'never returned',
  'x-unique': 'no two records alike',
  'x-relation': 'points to a record',
  'x-renamed-from': 'keeps the data of the old name',
};

/** What stands beside the schema. */
const members: Record<string, string> = {
  name: 'of the collection, a plural',
  schema: 'the JSON Schema of its records',
  indexes: 'over several fields',
  fields: 'of an index; a minus for the greatest first',
  unique: 'an index that no two records share',
};

const values: Record<string, string[]> = {
  type: ['string', 'integer', 'number', 'boolean', 'object', 'array'],
  format: ['date-time', 'date', 'time', 'email', 'uri', 'uuid', 'hostname', 'ipv4', 'ipv6'],
  onDelete: ['restrict', 'cascade', 'setNull'],
};

/** Proposes by what stands before the cursor on its line. */
export function complete(context: CompletionContext, form: Form, collections: string[]): CompletionResult | null {
  const line = context.state.doc.lineAt(context.pos);
  const before = line.text.slice(0, context.pos - line.from);
  const value = /"(\w+)"\s*:\s*("?)([\w-]*)$/.exec(before);
  if (value) {
    const [, keyword = '', quote, typed = ''] = value;
    const words = keyword === 'collection' ? collections : values[keyword];
    if (!words) return null;
    const options = words.map((word) => ({ label: word, apply: quote ? word : `"${word}"` }));
    return { from: context.pos - typed.length, options, validFor: /^[\w-]*$/ };
  }
  const key = /(?:^|[{,])\s*("?)([\w-]*)$/.exec(before);
  if (!key || (!key[1] && !key[2] && !context.explicit)) return null;
  const [, quote, typed = ''] = key;
  const options = Object.entries(form === 'definition' ? { ...members, ...keywords } : keywords).map(([label, detail]) => ({ label, detail, apply: quote ? label : `"${label}": ` }));
  return { from: context.pos - typed.length, options, validFor: /^[\w-]*$/ };
}
