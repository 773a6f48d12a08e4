/** CEL for CodeMirror: a token reader for colours, and completion from the names a caller gives. */
import type { CompletionContext, CompletionResult } from '@codemirror/autocomplete';
import { autocompletion } from '@codemirror/autocomplete';
import { LanguageSupport, StreamLanguage } from '@codemirror/language';
import type { Extension } from '@codemirror/state';

/** A name that may stand in an expression. */
export interface CelName {
  name: string;
  /** Its kind, shown at the right: "integer", "→ rooms". */
  detail?: string;
  /** What may follow a dot, for relations, objects and `auth`. */
  members?: CelName[];
}

/** Called on a value: `body.contains("x")`. */
const METHODS = 'startsWith endsWith contains matches size exists all lowerAscii upperAscii'.split(' ');
/** Called by themselves: `duration("24h")`. */
const GLOBALS = 'size has timestamp duration'.split(' ');
const FUNCTIONS = [...METHODS, ...GLOBALS];
const ROOTS = new Set(['auth', 'data', 'now', 'params']);
const WORDS = new Set(['true', 'false', 'null']);

const language = StreamLanguage.define({
  name: 'cel',
  token(stream) {
    if (stream.eatSpace()) return null;
    if (stream.match(/\/\/.*/)) return 'comment';
    if (stream.match(/"(?:[^"\\]|\\.)*"?/) || stream.match(/'(?:[^'\\]|\\.)*'?/)) return 'string';
    if (stream.match(/\d+(?:\.\d+)?(?:[eE][+-]?\d+)?u?/)) return 'number';
    if (stream.match(/[A-Za-z_]\w*/)) {
      const word = stream.current();
      if (WORDS.has(word)) return 'bool';
      if (word === 'in') return 'operator';
      const member = stream.string[stream.start - 1] === '.';
      if (!member && ROOTS.has(word)) return 'keyword';
      return FUNCTIONS.includes(word) && stream.peek() === '(' ? 'variableName.function' : 'variableName';
    }
    if (stream.match(/&&|\|\||[=!<>]=|[-+*/%<>!?:]/)) return 'operator';
    stream.next();
    return 'punctuation';
  },
});

/** CEL with completion of `names()`, which is asked each time, so that it may change. */
export function cel(names: () => CelName[]): Extension {
  return [
    new LanguageSupport(language),
    autocompletion({ override: [(context) => complete(context, names())], icons: false }),
  ];
}

function complete(context: CompletionContext, names: CelName[]): CompletionResult | null {
  const path = context.matchBefore(/[A-Za-z_][\w.]*/);
  if (!path && !context.explicit) return null;
  const parts = (path?.text ?? '').split('.');
  const last = parts.pop() ?? '';
  let scope: CelName[] | undefined = names;
  for (const part of parts) scope = scope?.find((name) => name.name === part)?.members;
  // What the data has comes before what the language has.
  const options = (scope ?? []).map(({ name, detail }) => ({ label: name, boost: 1, ...(detail && { detail }) }));
  const functions = (parts.length > 0 ? METHODS : GLOBALS).map((name) => ({ label: name, apply: `${name}(`, detail: 'function' }));
  const all = [...options, ...functions];
  // A name that is whole, and begins no other, has nothing to be completed.
  const whole = (word: string) => options.some(({ label }) => label === word) && all.filter(({ label }) => label.startsWith(word)).length === 1;
  if (whole(last) && !context.explicit) return null;
  return { from: context.pos - last.length, options: all, validFor: (word) => /^\w*$/.test(word) && !whole(word) };
}
