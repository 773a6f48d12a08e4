/**
 * Whether a session was begun in this browser and not ended since. The cookie that holds it is out of reach of scripts,
 * so without this mark each first visit would ask for a session that cannot be there, and be refused. It is no secret
 * and lets nobody in; where it was lost, signing in once more is all that it costs.
 */

const KEY = 'plinth.session';

/** Whether asking for the session has a point. Storage may be blocked: then it has. */
export function wasBegun(): boolean {
  try {
    return localStorage.getItem(KEY) !== null;
  } catch {
    return true;
  }
}

/** Keeps in mind, for all tabs, that a session was begun or has ended. */
export function markBegun(begun: boolean): void {
  try {
    if (begun) localStorage.setItem(KEY, 'begun');
    else localStorage.removeItem(KEY);
  } catch {
    // As above: every visit asks.
  }
}
