/** Numbers as people read them. */

const whole = new Intl.NumberFormat('en');

/** 12,408 */
export function count(value: number): string {
  return whole.format(value);
}

/** 1,877 below ten thousand, 48.1k above: for narrow places. */
export function short(value: number): string {
  if (value < 10_000) return count(value);
  if (value < 999_500) return `${(value / 1000).toFixed(value < 99_950 ? 1 : 0).replace(/\.0$/, '')}k`;
  return `${(value / 1_000_000).toFixed(1).replace(/\.0$/, '')}M`;
}

/** "1 row", "37 rows". */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}
