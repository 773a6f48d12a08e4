/** The words of a CEL expression with their places, as far as the builder needs them. The server does the parsing that counts. */

export interface Token {
  type: 'name' | 'string' | 'number' | 'operator' | 'open' | 'close' | 'comma' | 'dot' | 'other';
  text: string;
  from: number;
  to: number;
}

const patterns: [Token['type'], RegExp][] = [
  ['string', /"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'/y],
  ['number', /\d+(?:\.\d+)?(?:[eE][+-]?\d+)?u?/y],
  ['name', /[A-Za-z_]\w*/y],
  ['operator', /&&|\|\||[=!<>]=|[-+*/%<>!?:]/y],
  ['open', /[([{]/y],
  ['close', /[)\]}]/y],
  ['comma', /,/y],
  ['dot', /\./y],
];

/** The tokens of `source`; what is no token (an open string, a stray sign) is `other`, one character each. */
export function tokensOf(source: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < source.length) {
    if (/\s/.test(source.charAt(at))) {
      at++;
      continue;
    }
    const token = tokenAt(source, at);
    tokens.push(token);
    at = token.to;
  }
  return tokens;
}

function tokenAt(source: string, from: number): Token {
  for (const [type, pattern] of patterns) {
    pattern.lastIndex = from;
    const text = pattern.exec(source)?.[0];
    if (text !== undefined) return { type, text, from, to: from + text.length };
  }
  return { type: 'other', text: source.charAt(from), from, to: from + 1 };
}
