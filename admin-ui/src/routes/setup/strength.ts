/** How hard a new password is to guess, for the four bars. The server alone decides what it takes. */

/** The contract's least. */
const SHORTEST = 8;

interface Strength {
  bars: 0 | 1 | 2 | 3 | 4;
  words: string;
}

/** Length counts most; a run or a word from the address counts against it. */
export function strengthOf(password: string, email: string): Strength {
  const length = [...password].length;
  if (length === 0) return { bars: 0, words: `At least ${SHORTEST} characters` };
  if (length < SHORTEST) {
    const missing = SHORTEST - length;
    return { bars: 1, words: `${missing} more ${missing === 1 ? 'character' : 'characters'}` };
  }
  const name = email.split('@')[0]?.toLowerCase() ?? '';
  const holdsName = name.length > 3 && password.toLowerCase().includes(name);
  const distinct = new Set(password).size;
  if (distinct < 5 || holdsName) return { bars: 1, words: holdsName ? 'Holds the address' : 'Too few different characters' };
  if (length >= 16 && distinct >= 9) return { bars: 4, words: 'Very strong' };
  if (length >= 12) return { bars: 3, words: 'Strong' };
  return { bars: 2, words: 'Fair; 12 characters are strong' };
}
