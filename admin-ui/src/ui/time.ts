/** Moments as people read them. */

const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });
const dated = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });
const full = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });
const utc = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium', timeZone: 'UTC' });

/** "17:25:03" today, "21 Nov" this year, "21 Nov 2024" before. */
export function clockOrDay(at: string, now = new Date()): string {
  const moment = new Date(at);
  if (moment.toDateString() === now.toDateString()) return clock.format(moment);
  return (moment.getFullYear() === now.getFullYear() ? day : dated).format(moment);
}

/** "21 Nov 2026, 17:25:03" in the person's zone. */
export function longLocal(at: string): string {
  return full.format(new Date(at));
}

/** The same moment in UTC, said so. */
export function longUtc(at: string): string {
  return `${utc.format(new Date(at))} UTC`;
}

/** "in 4 min", "2 h ago", for what is near; the day for what is not. */
export function ago(at: string, now = Date.now()): string {
  const seconds = Math.round((now - Date.parse(at)) / 1000);
  const size = Math.abs(seconds);
  const [count, unit] =
    size < 60 ? [size, 's'] : size < 3600 ? [Math.round(size / 60), 'min'] : size < 86_400 ? [Math.round(size / 3600), 'h'] : [0, ''];
  if (!unit) return clockOrDay(at, new Date(now));
  if (size < 5) return 'just now';
  return seconds < 0 ? `in ${count} ${unit}` : `${count} ${unit} ago`;
}

/** The zone's name, as the status line says it. */
export const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
