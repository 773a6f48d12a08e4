/** Which columns are drawn, and how far to scroll for one. The first two, the box and the id, stay where they are. */

export interface Track {
  /** Where each column starts, in pixels from the left of the row. */
  starts: number[];
  widths: number[];
  /** How much the columns that stay cover. */
  fixed: number;
}

/** Lays columns of these widths out behind the box to choose with; the first of them stays. */
export function trackOf(box: number, widths: number[]): Track {
  const starts: number[] = [];
  let end = box;
  for (const width of widths) {
    starts.push(end);
    end += width;
  }
  return { starts, widths, fixed: box + (widths[0] ?? 0) };
}

/** The places of the columns in sight, and of the first; `spare` pixels more on both sides. */
export function inSight(track: Track, left: number, viewport: number, spare = 160): number[] {
  return [...track.starts.keys()].filter((at) => {
    const start = track.starts[at] ?? 0;
    const end = start + (track.widths[at] ?? 0);
    return at === 0 || (end > left + track.fixed - spare && start < left + viewport + spare);
  });
}

/** The scroll position nearest to `left` that shows a column whole, or its start where it is too wide. */
export function scrollAcross(at: number, track: Track, left: number, viewport: number): number {
  if (at <= 0) return left;
  const start = track.starts[at] ?? 0;
  const end = start + (track.widths[at] ?? 0);
  if (start < left + track.fixed) return Math.max(0, start - track.fixed);
  return Math.max(left, Math.min(end - viewport, start - track.fixed));
}
