import { describe, expect, it } from 'vitest';
import { GridState } from './state.svelte';
import { stepOf, type Press } from './steps';

const press = (key: string, more: Partial<Press> = {}): Press => ({ key, ctrlKey: false, metaKey: false, altKey: false, ...more });

describe('stepOf', () => {
  it('moves by cells, pages and to the ends', () => {
    expect(stepOf(press('ArrowLeft'), 20)).toEqual([0, -1]);
    expect(stepOf(press('PageDown'), 20)).toEqual([20, 0]);
    expect(stepOf(press('End'), 20)).toEqual([0, Infinity]);
    expect(stepOf(press('Home', { ctrlKey: true }), 20)).toEqual([-Infinity, -Infinity]);
  });

  it('leaves chords to others', () => {
    expect(stepOf(press('ArrowDown', { altKey: true }), 20)).toBeNull();
    expect(stepOf(press('ArrowDown', { ctrlKey: true }), 20)).toBeNull();
    expect(stepOf(press('a'), 20)).toBeNull();
  });
});

describe('GridState', () => {
  const ids = ['a', 'b', 'c'];
  const names = ['id', 'x', 'y'];

  it('enters beside the id and stays within what is there', () => {
    const grid = new GridState();
    grid.move(1, 0, ids, names);
    expect(grid.cursor).toEqual({ id: 'a', column: 'x' });
    grid.move(Infinity, Infinity, ids, names);
    expect(grid.cursor).toEqual({ id: 'c', column: 'y' });
    grid.move(-1, -5, ids, names);
    expect(grid.cursor).toEqual({ id: 'b', column: 'id' });
    grid.move(1, 0, [], names);
    expect(grid.cursor).toEqual({ id: 'b', column: 'id' });
  });

  it('chooses one by one, in ranges and all', () => {
    const grid = new GridState();
    grid.toggle('a', ids);
    grid.toggle('c', ids, true);
    expect([...grid.chosen]).toEqual(['a', 'b', 'c']);
    grid.toggle('b', ids);
    expect([...grid.chosen]).toEqual(['a', 'c']);
    grid.toggleAll(ids);
    expect(grid.chosen.size).toBe(3);
    grid.toggleAll(ids);
    expect(grid.chosen.size).toBe(0);
  });
});
