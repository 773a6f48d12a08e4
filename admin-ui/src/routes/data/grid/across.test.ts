import { describe, expect, it } from 'vitest';
import { inSight, scrollAcross, trackOf } from './across';

// box 50 | id 100 | a 200 | b 200 | c 200 | d 200
const track = trackOf(50, [100, 200, 200, 200, 200]);

describe('inSight', () => {
  it('draws what shows beside the columns that stay', () => {
    expect(track.starts).toEqual([50, 150, 350, 550, 750]);
    expect(inSight(track, 0, 400, 0)).toEqual([0, 1, 2]);
    expect(inSight(track, 300, 400, 0)).toEqual([0, 2, 3]);
    expect(inSight(track, 300, 400, 200)).toEqual([0, 1, 2, 3, 4]);
  });
});

describe('scrollAcross', () => {
  it('moves no further than needed, on either side', () => {
    expect(scrollAcross(1, track, 0, 400)).toBe(0);
    expect(scrollAcross(3, track, 0, 400)).toBe(350);
    expect(scrollAcross(1, track, 350, 400)).toBe(0);
    expect(scrollAcross(0, track, 350, 400)).toBe(350);
  });

  it('shows the start of what is wider than the window', () => {
    expect(scrollAcross(2, track, 0, 300)).toBe(200);
  });
});
